//! What stands in the files.

use std::fmt::Write as _;

use super::code::operation;
use crate::Result;
use crate::migration::{App, Migration};

/// A file of one migration.
pub(super) fn migration(app: &App, migration: &Migration) -> Result<String> {
    let mut body = format!("Migration::new({})", string(migration.name()));
    for (of, name) in &migration.after {
        match of {
            Some(of) => {
                let _ = write!(body, "\n        .after_app({}, {})", string(of), string(name));
            }
            None => {
                let _ = write!(body, "\n        .after({})", string(name));
            }
        }
    }
    if !migration.replaces.is_empty() {
        let names: Vec<_> = migration.replaces.iter().map(|name| string(name)).collect();
        let _ = write!(body, "\n        .replaces([{}])", names.join(", "));
    }
    if !migration.atomic {
        body.push_str("\n        .not_atomic()");
    }
    for one in &migration.operations {
        let _ = write!(body, "\n        .operation({})", operation(app, one)?);
    }
    let what: Vec<String> = migration
        .operations
        .iter()
        .map(crate::Operation::describe)
        .collect();
    let what = if what.is_empty() {
        "Joins what was made side by side.".to_owned()
    } else {
        format!("{}.", what.join("; "))
    };
    let mut source = String::new();
    for line in wrap(&what) {
        let _ = writeln!(source, "//! {line}");
    }
    let names = used(&body);
    let _ = write!(
        source,
        "\nuse {}::{{{}}};\n\npub(super) fn migration() -> Migration {{\n    {body}\n}}\n",
        app.root,
        names.join(", ")
    );
    Ok(source)
}

/// What the file needs of this crate.
fn used(body: &str) -> Vec<&'static str> {
    const NAMES: [&str; 28] = [
        "AddConstraint",
        "AddField",
        "AddIndex",
        "AlterConstraint",
        "AlterField",
        "AlterModelComment",
        "AlterModelTable",
        "AlterUniqueTogether",
        "Constraint",
        "CreateExtension",
        "CreateModel",
        "DeleteModel",
        "Field",
        "Index",
        "Kind",
        "Migration",
        "Model",
        "OnDelete",
        "RemoveConstraint",
        "RemoveField",
        "RemoveIndex",
        "RenameField",
        "RenameIndex",
        "RenameModel",
        "RunRust",
        "RunSql",
        "SeparateDatabaseAndState",
        "ValidateConstraint",
    ];
    let words = crate::text::tokens(body);
    let is_used = |name: &&str| words.iter().any(|word| word.text() == *name);
    NAMES.into_iter().filter(is_used).collect()
}

/// The `mod.rs` of an app's migrations.
pub(super) fn module(app: &App, names: &[&str], folder: &str) -> String {
    let modules: Vec<String> = names.iter().map(|name| super::module(name)).collect();
    let mut source = format!(
        "//! The migrations of `{}`. `makemigrations` and `squashmigrations` write this file.\n\nuse {}::App;\n\n",
        app.name(),
        app.root
    );
    for module in &modules {
        let _ = writeln!(source, "mod {module};");
    }
    let _ = write!(
        source,
        "\n/// The app with its migrations.\npub fn app() -> App {{\n    App::new({})\n",
        string(app.name())
    );
    if app.root != crate::migration::ROOT {
        let _ = writeln!(source, "        .root({})", string(&app.root));
    }
    let _ = writeln!(
        source,
        "        .folder(concat!(env!(\"CARGO_MANIFEST_DIR\"), {}))",
        string(&format!("/{folder}"))
    );
    for module in &modules {
        let _ = writeln!(source, "        .migration({module}::migration())");
    }
    source.push_str("}\n");
    source
}

/// A text as it stands in Rust.
pub(crate) fn string(text: &str) -> String {
    if text.contains(['"', '\\']) && !text.contains("\"#") && !text.contains(|c: char| c.is_control()) {
        format!("r#\"{text}\"#")
    } else {
        format!("{text:?}")
    }
}

/// Lines of a comment.
fn wrap(text: &str) -> Vec<String> {
    const WIDTH: usize = 100;
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.len() - 1;
        if !lines[last].is_empty() && lines[last].len() + word.len() + 1 > WIDTH {
            lines.push(word.to_owned());
        } else {
            if !lines[last].is_empty() {
                lines[last].push(' ');
            }
            lines[last].push_str(word);
        }
    }
    lines
}
