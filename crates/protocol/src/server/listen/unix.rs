//! Unix sockets: a file that appears when the server listens, with the right mode, and goes when it ends.

use std::{
    fs, io,
    os::unix::{
        fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _},
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    process,
};

use socket2::{Domain, SockAddr, Socket, Type};

use crate::server::config::Limits;

/// The file of a socket; removed when this is dropped, if it is still the same.
#[derive(Debug)]
pub(in crate::server) struct File {
    path: PathBuf,
    device: u64,
    inode: u64,
}

/// Listens on a path. A file that a dead server has left there is replaced; anything else is not.
///
/// The socket is made under a name of its own and moved to its place once it listens and has its mode: nobody finds it half made.
pub(super) fn bind(path: &Path, config: &Limits) -> io::Result<(UnixListener, File)> {
    refuse_if_alive(path)?;
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{}", process::id()));
    let temporary = PathBuf::from(temporary);
    let _ = fs::remove_file(&temporary);
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SockAddr::unix(&temporary)?)?;
    let made = (|| {
        fs::set_permissions(&temporary, fs::Permissions::from_mode(config.unix_mode.0))?;
        socket.listen(i32::try_from(config.backlog).unwrap_or(i32::MAX))?;
        let metadata = fs::symlink_metadata(&temporary)?;
        fs::rename(&temporary, path)?;
        Ok(File {
            path: path.to_owned(),
            device: metadata.dev(),
            inode: metadata.ino(),
        })
    })();
    if made.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    made.map(|file| (socket.into(), file))
}

fn refuse_if_alive(path: &Path) -> io::Result<()> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if !metadata.file_type().is_socket() {
        let text = "there is a file that is no socket; it is left alone";
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, text));
    }
    match UnixStream::connect(path) {
        Ok(_alive) => Err(io::Error::new(
            io::ErrorKind::AddrInUse,
            "another server listens there",
        )),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
        Err(error) => Err(error),
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let is_ours = fs::symlink_metadata(&self.path)
            .is_ok_and(|metadata| (metadata.dev(), metadata.ino()) == (self.device, self.inode));
        if is_ours && let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "cannot remove the file of a socket");
        }
    }
}
