//! The verb `project`: does what `nuages new` makes run, against the crates as they are packaged?

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

use crate::metadata;
use crate::package;
use crate::shell::{Cargo, Shell};

/// How long the program may take to be built and started.
const PATIENCE: Duration = Duration::from_secs(600);

/// What the first page of a new project says.
const WELCOME: &str = "What to do next";

/// Packages the crates, makes a project by the command line, and builds, tests and serves it outside of the workspace.
pub(crate) fn run(shell: &Shell) -> anyhow::Result<()> {
    shell.run(&package::command().args(["--no-verify"]))?;
    shell.run(&Cargo::new("build -p nuages-cli"))?;
    if shell.is_dry_run() {
        return Ok(());
    }
    let metadata = metadata::workspace(shell)?;
    let target = metadata.target_directory.as_std_path();
    // Always the same folder, so that only what has changed is built again. The workspace excludes `target`.
    let folder = target.join("new-project");
    let home = folder.as_path();
    for earlier in ["crates", "shop"] {
        if home.join(earlier).is_dir() {
            fs::remove_dir_all(home.join(earlier))?;
        }
    }
    let crates = home.join("crates");
    fs::create_dir_all(&crates)?;
    fs::create_dir_all(home.join(".cargo"))?;
    let mut patches = String::from("[patch.crates-io]\n");
    for package in metadata
        .packages
        .iter()
        .filter(|package| package.publish.is_none())
    {
        let name = format!("{}-{}", package.name, package.version);
        let archive = target.join("package").join(format!("{name}.crate"));
        let mut unpack = Command::new("tar");
        unpack.arg("-xzf").arg(&archive).arg("-C").arg(&crates);
        run_in(home, &mut unpack)?;
        patches.push_str(&format!(
            "{} = {{ path = {:?} }}\n",
            package.name.as_str(),
            crates.join(&name)
        ));
    }
    // Cargo looks for it in the folders above a project.
    fs::write(home.join(".cargo/config.toml"), patches)?;

    let nuages = target.join("debug/nuages");
    run_in(home, Command::new(&nuages).args(["new", "shop"]))?;
    let shop = home.join("shop");
    // The versions that everything else was tested with.
    fs::copy(shell.root().join("Cargo.lock"), shop.join("Cargo.lock"))?;
    run_in(&shop, Command::new(&nuages).args(["startapp", "blog"]))?;
    include_blog(&shop.join("src/lib.rs"))?;
    write_model(&shop.join("src/models.rs"))?;
    let build = home.join("target");
    let cargo = |words: &str| {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command
            .args(words.split_whitespace())
            .env("CARGO_TARGET_DIR", &build);
        command
    };
    for command in [
        "makemigrations",
        "migrate",
        "migrate --check",
        "check",
        "routes",
        "collectstatic",
    ] {
        run_in(&shop, &mut cargo(&format!("run -- {command}")))?;
    }
    run_in(&shop, &mut cargo("test"))?;
    let address = free_address()?;
    let mut serve = cargo("run -- run");
    serve.current_dir(&shop).env("BIND", &address);
    eprintln!("$ BIND={address} cargo run -- run");
    let served = Ended(serve.spawn().context("cannot start cargo")?);
    await_page(&address, "/", WELCOME)?;
    await_page(&address, "/blog/", "Blog begins here")?;
    drop(served);
    println!("project: ok");
    Ok(())
}

/// What `startapp` says that one has to write.
fn include_blog(lib: &Path) -> anyhow::Result<()> {
    let text = fs::read_to_string(lib)?;
    let home = ".name(\"home\")";
    ensure!(
        text.contains("mod views;") && text.contains(home),
        "the project's src/lib.rs is another one now"
    );
    let text = text.replace("mod views;", "mod blog;\nmod views;");
    let included = format!("{home}.include(\"blog/\", blog::urls())");
    fs::write(lib, text.replace(home, &included))?;
    Ok(())
}

/// A first model, as the file says.
fn write_model(models: &Path) -> anyhow::Result<()> {
    let text = fs::read_to_string(models)?;
    ensure!(
        text.contains("vec![]"),
        "the project's src/models.rs is another one now"
    );
    let text = text.replace("vec![]", "vec![Book::meta()]");
    let text = text.replace("ModelMeta;\n", "ModelMeta;\nuse nuages::prelude::*;\n");
    let model = "\n#[model]\npub struct Book {\n    pub id: i64,\n    #[field(max_length = 200)]\n    pub title: String,\n}\n";
    fs::write(models, text + model)?;
    Ok(())
}

/// Prints and runs a command in a folder.
fn run_in(folder: &Path, command: &mut Command) -> anyhow::Result<()> {
    eprintln!("$ {command:?}");
    let status = command
        .current_dir(folder)
        .status()
        .with_context(|| format!("cannot start {command:?}"))?;
    ensure!(status.success(), "{command:?} failed ({status})");
    Ok(())
}

fn free_address() -> anyhow::Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

/// Asks for a page until it has these words.
fn await_page(address: &str, path: &str, words: &str) -> anyhow::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let page = get(address, path).unwrap_or_default();
        if page.starts_with("HTTP/1.1 200") && page.contains(words) {
            eprintln!("http://{address}{path} answers with: {words}");
            return Ok(());
        }
        if Instant::now() > deadline {
            bail!("http://{address}{path} does not say `{words}`, but:\n{page}");
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn get(address: &str, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )?;
    let mut page = String::new();
    stream.read_to_string(&mut page)?;
    Ok(page)
}

/// A program that is asked to end when it goes out of scope, so that it ends the one that it has started too.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let asked = Command::new("kill")
            .args(["-TERM", &self.0.id().to_string()])
            .status();
        if asked.is_ok_and(|status| status.success()) {
            let _ = self.0.wait();
        } else {
            let _ = self.0.kill();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_startapp_asks_for_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let lib = folder.path().join("lib.rs");
        fs::write(
            &lib,
            "mod views;\nUrls::new().path(\"\", views::home).name(\"home\")\n",
        )
        .unwrap();
        include_blog(&lib).unwrap();
        assert_eq!(
            fs::read_to_string(&lib).unwrap(),
            "mod blog;\nmod views;\nUrls::new().path(\"\", views::home).name(\"home\").include(\"blog/\", blog::urls())\n"
        );
        fs::write(&lib, "").unwrap();
        include_blog(&lib).unwrap_err();
    }
}
