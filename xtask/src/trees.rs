//! What a crate must not drag in, even from outside the workspace: trees of `cargo tree` with crates that have no
//! place in them.

use crate::shell::{Cargo, Shell};

/// A tree and what it must not hold.
struct Tree {
    /// Arguments of `cargo tree` that select it.
    args: &'static str,
    /// Names of crates; one that ends in `*` stands for all names that begin so.
    without: &'static [&'static str],
    /// The promise that the crate would break.
    because: &'static str,
}

const HTTP: &[&str] = &[
    "hyper",
    "hyper-util",
    "axum",
    "nuages-handler",
    "nuages-protocol",
    "nuages-views",
];
const DATABASES: &[&str] = &["sqlx*", "rusqlite", "libsqlite3-sys", "nuages-orm*"];

const HANDLER: &[&str] = &[
    "hyper",
    "hyper-util",
    "sqlx*",
    "rusqlite",
    "libsqlite3-sys",
    "nuages-orm*",
];

const TREES: &[Tree] = &[
    Tree {
        args: "-e normal -p nuages-orm --no-default-features --features sqlite",
        without: HTTP,
        because: "the ORM is adopted without HTTP",
    },
    Tree {
        args: "-e normal -p nuages-orm --no-default-features --features postgres",
        without: HTTP,
        because: "the ORM is adopted without HTTP",
    },
    Tree {
        args: "-e normal -p nuages-migrations",
        without: HTTP,
        because: "migrations are adopted without HTTP",
    },
    Tree {
        args: "-e normal,dev -p orm_alone",
        without: HTTP,
        because: "this program shows the ORM without views",
    },
    Tree {
        args: "-e normal -p nuages-handler",
        without: HANDLER,
        because: "the handler sees neither a socket nor a database",
    },
    Tree {
        args: "-e normal -p nuages-views --all-features",
        without: DATABASES,
        because: "views are adopted without the ORM",
    },
    Tree {
        args: "-e normal -p nuages-protocol --no-default-features",
        without: &["hyper", "hyper-util"],
        because: "without the feature `server` the crate is the contract alone",
    },
];

/// Every crate in a tree where it has no place, each as a message which says how to find the way it came.
pub(crate) fn violations(shell: &Shell) -> Vec<String> {
    let mut found = Vec::new();
    for tree in TREES {
        let listing = Cargo::new("tree --prefix none --format {p}").args(tree.args.split(' '));
        // A tree that cannot be made is a finding like the others, and hides none of them.
        let listing = match shell.output(&listing) {
            Ok(Some(listing)) => listing,
            Ok(None) => continue,
            Err(error) => {
                found.push(error.to_string());
                continue;
            }
        };
        let intruders = intruders(&listing, tree.without);
        let Some(first) = intruders.first() else { continue };
        found.push(format!(
            "`cargo tree {}` has {}: {}\n  fix: see what brings it by `cargo tree {} -i {first}`, and make that optional or \
             move it to a later phase",
            tree.args,
            intruders.join(", "),
            tree.because,
            tree.args
        ));
    }
    found
}

/// The crates of a listing, one `name version` a line, that are named in `without`.
fn intruders<'l>(listing: &'l str, without: &[&str]) -> Vec<&'l str> {
    let forbidden = |name: &str| {
        without.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == *pattern,
        })
    };
    let mut names: Vec<_> = listing
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    names.retain(|name| forbidden(name));
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTING: &str = "nuages-handler v0.1.0 (/work/crates/handler)\nhttp v1.5.0\nhyper v1.12.0\n\
                           sqlx-core v0.9.0\nhyper v1.12.0 (*)\n\nhyperloglog v1.0.0\n";

    #[test]
    fn a_named_crate_is_found_once_and_a_similar_name_is_not() {
        assert_eq!(intruders(LISTING, &["hyper", "hyper-util"]), ["hyper"]);
        assert_eq!(intruders(LISTING, &["axum"]), Vec::<&str>::new());
    }

    #[test]
    fn a_star_stands_for_every_name_that_begins_so() {
        assert_eq!(intruders(LISTING, DATABASES), ["sqlx-core"]);
    }
}
