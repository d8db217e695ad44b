//! `new` and `startapp`: projects and parts of them that run, are tested and can be deployed as they are made.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches, value_parser};

use crate::{Command, Error, Op, Result};

/// The files of a project. Those that cargo or git would take for their own have `.txt` behind their names.
const PROJECT: &[(&str, &str)] = &[
    ("Cargo.toml", include_str!("project/Cargo.toml.txt")),
    ("nuages.toml", include_str!("project/nuages.toml")),
    ("README.md", include_str!("project/README.md")),
    ("Dockerfile", include_str!("project/Dockerfile")),
    (".dockerignore", include_str!("project/dockerignore.txt")),
    (".gitignore", include_str!("project/gitignore.txt")),
    ("src/main.rs", include_str!("project/src/main.rs.txt")),
    ("src/lib.rs", include_str!("project/src/lib.rs.txt")),
    ("src/models.rs", include_str!("project/src/models.rs.txt")),
    (
        "src/migrations/mod.rs",
        include_str!("project/src/migrations/mod.rs.txt"),
    ),
    ("src/views.rs", include_str!("project/src/views.rs.txt")),
    ("templates/base.html", include_str!("project/templates/base.html")),
    ("templates/home.html", include_str!("project/templates/home.html")),
    ("static/site.css", include_str!("project/static/site.css")),
    ("tests/site.rs", include_str!("project/tests/site.rs.txt")),
];

/// The files of a part of a project, below `src/<name>`.
const APP: &[(&str, &str)] = &[
    ("mod.rs", include_str!("app/mod.rs.txt")),
    ("views.rs", include_str!("app/views.rs.txt")),
];

/// Makes a project: `nuages new shop`.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewProject;

impl Command for NewProject {
    fn name(&self) -> &'static str {
        "new"
    }

    fn define(&self, command: clap::Command) -> clap::Command {
        command
            .about("Makes a project that runs, is tested and can be deployed")
            .arg(
                Arg::new("name")
                    .required(true)
                    .help("Its name, and that of its folder"),
            )
            .arg(
                Arg::new("source")
                    .long("source")
                    .value_name("FOLDER")
                    .value_parser(value_parser!(PathBuf))
                    .help("Takes nuages from its source in this folder instead of its release"),
            )
            .after_help("Examples:\n  nuages new shop\n  nuages new shop --source ~/src/nuages")
    }

    fn run<'a>(&'a self, arguments: &'a ArgMatches, output: &'a mut (dyn Write + Send)) -> Op<'a, ()> {
        Op::new("new", async move {
            let name = name(arguments)?;
            let nuages = match arguments.get_one::<PathBuf>("source") {
                None => format!("\"{}\"", env!("CARGO_PKG_VERSION")),
                Some(source) => {
                    let path = source.join("crates/nuages");
                    let path = path.canonicalize().map_err(|error| {
                        Error::usage(format!("there is no nuages in {}: {error}\n", source.display()))
                    })?;
                    format!("{{ path = {:?} }}", path.display().to_string())
                }
            };
            let folder = Path::new(name);
            // Nothing of a user's is ever written over.
            fs::create_dir(folder).map_err(|error| {
                Error::other(format!(
                    "the folder `{name}` can't be made: {error}; choose another name, or remove it"
                ))
            })?;
            let secret = secret()?;
            let words = [
                ("name", name),
                ("\"{{version}}\"", &*nuages),
                ("secret", &*secret),
            ];
            write_files(folder, PROJECT, &words)?;
            writeln!(
                output,
                "{name} is made. Next:\n\n  cd {name}\n  cargo run -- migrate\n  cargo run -- run     # http://127.0.0.1:8000\n  cargo test"
            )
            .map_err(Error::output)
        })
    }
}

/// Makes a part of the project in the current folder: `nuages startapp blog`.
#[derive(Clone, Copy, Debug, Default)]
pub struct StartApp;

impl Command for StartApp {
    fn name(&self) -> &'static str {
        "startapp"
    }

    fn define(&self, command: clap::Command) -> clap::Command {
        command
            .about("Makes a part of the project in the current folder: a module with addresses, views and a test")
            .arg(Arg::new("name").required(true).help("Its name, and that of its module"))
            .after_help("Examples:\n  nuages startapp blog")
    }

    fn run<'a>(&'a self, arguments: &'a ArgMatches, output: &'a mut (dyn Write + Send)) -> Op<'a, ()> {
        Op::new("startapp", async move {
            let name = name(arguments)?;
            if !Path::new("src/lib.rs").is_file() {
                return Err(Error::other(
                    "there is no src/lib.rs here: go to the folder of a project, or make one with `nuages new`",
                ));
            }
            let folder = Path::new("src").join(name);
            fs::create_dir(&folder).map_err(|error| {
                Error::other(format!(
                    "the folder `{}` can't be made: {error}; choose another name",
                    folder.display()
                ))
            })?;
            let mut title = name.to_owned();
            title[..1].make_ascii_uppercase();
            write_files(&folder, APP, &[("name", name), ("Name", &*title)])?;
            writeln!(
                output,
                "src/{name} is made. In src/lib.rs add:\n\n  mod {name};\n\nand to its urls():\n\n  .include(\"{name}/\", {name}::urls())"
            )
            .map_err(Error::output)
        })
    }
}

/// A name that a crate, a module, a binary and a user of a system may have.
fn name(arguments: &ArgMatches) -> Result<&str> {
    const TAKEN: [&str; 14] = [
        "nuages", "test", "std", "core", "alloc", "src", "main", "lib", "views", "async", "crate", "self",
        "super", "mod",
    ];
    let name = arguments.get_one::<String>("name").map_or("", |name| name);
    let letters = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !letters {
        return Err(Error::usage(format!(
            "`{name}` can't be a name: use small letters, digits and `_`, a letter first, such as `book_shop`\n"
        )));
    }
    if TAKEN.contains(&name) || name.len() > 32 {
        return Err(Error::usage(format!(
            "`{name}` is taken by Rust or nuages, or longer than 32 letters: choose another name\n"
        )));
    }
    Ok(name)
}

/// 256 random bits.
fn secret() -> Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(Error::other)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Writes each file with its words filled in: `{{name}}`, without spaces, which no template language of the files has.
fn write_files(folder: &Path, files: &[(&str, &str)], words: &[(&str, &str)]) -> Result<()> {
    for (path, text) in files {
        let path = folder.join(path);
        let mut text = (*text).to_owned();
        for (word, value) in words {
            text = if word.starts_with('"') {
                text.replace(word, value)
            } else {
                text.replace(&format!("{{{{{word}}}}}"), value)
            };
        }
        let written = path
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(&path, text));
        written.map_err(|error| Error::other(format!("{} can't be written: {error}", path.display())))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Commands;

    #[test]
    fn names_that_rust_or_a_shell_can_not_take_are_usage_errors() {
        for name in [
            "Shop",
            "book-shop",
            "1shop",
            "",
            "../shop",
            "nuages",
            "async",
            "größe",
        ] {
            let commands = Commands::new("nuages").command(NewProject);
            let error = commands
                .run(["nuages", "new", name], &mut std::io::sink())
                .wait()
                .unwrap_err();
            assert!(error.is_usage(), "{name}: {error}");
        }
    }

    #[test]
    fn no_word_is_left_open() {
        let folder = tempfile::tempdir().unwrap();
        let words = [
            ("name", "shop"),
            ("\"{{version}}\"", "\"1.0\""),
            ("secret", "s"),
            ("Name", "Shop"),
        ];
        for files in [PROJECT, APP] {
            write_files(folder.path(), files, &words).unwrap();
            for (path, _) in files {
                let text = fs::read_to_string(folder.path().join(path)).unwrap();
                for word in ["{{name}}", "{{Name}}", "{{version}}", "{{secret}}"] {
                    assert!(!text.contains(word), "{path}: {word}");
                }
            }
        }
    }
}
