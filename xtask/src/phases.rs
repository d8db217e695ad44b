//! Which crate belongs to which phase: the one table that `layers`, `test` and `features` read.

use std::fmt;

/// A phase of the design, in the order in which each may depend on the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// The bridge and the protocol.
    One,
    /// The handler and the views.
    Two,
    /// The ORM.
    Three,
    /// What joins the phases: the facade, commands, tools, and the tests of the whole.
    Facade,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::One => "phase 1",
            Self::Two => "phase 2",
            Self::Three => "phase 3",
            Self::Facade => "facade",
        })
    }
}

/// Every member of the workspace with its phase. A crate may depend on its own and on earlier phases.
pub(crate) const PHASES: &[(&str, Phase)] = &[
    ("nuages-bridge", Phase::One),
    ("nuages-macros", Phase::One),
    ("nuages-protocol", Phase::One),
    ("phase1", Phase::One),
    ("bench_bridge", Phase::One),
    ("bench_websocket", Phase::One),
    ("bridge_models", Phase::One),
    ("nuages-handler", Phase::Two),
    ("nuages-views-macros", Phase::Two),
    ("nuages-views", Phase::Two),
    ("phase2", Phase::Two),
    ("bench_http", Phase::Two),
    ("nuages-orm-macros", Phase::Three),
    ("nuages-orm", Phase::Three),
    ("nuages-migrations", Phase::Three),
    ("orm_alone", Phase::Three),
    ("nuages-commands", Phase::Facade),
    ("nuages", Phase::Facade),
    ("nuages-cli", Phase::Facade),
    ("book", Phase::Facade),
    ("breakage", Phase::Facade),
    ("browser", Phase::Facade),
    ("xtask", Phase::Facade),
];

/// The phase of a crate, in a table such as [`PHASES`].
pub(crate) fn phase_of(table: &[(&str, Phase)], name: &str) -> Option<Phase> {
    table
        .iter()
        .find(|(member, _)| *member == name)
        .map(|&(_, phase)| phase)
}

/// What one run of a verb is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Selection {
    /// The whole workspace.
    Everything,
    /// The packages of this phase and of the earlier ones.
    UpTo(Phase),
}

impl Selection {
    /// The arguments which select these packages, out of `members`, the workspace as it stands.
    ///
    /// Cargo unifies features over the selected packages, so naming them one by one is what keeps a feature which
    /// only a later crate asks for out of the build.
    pub(crate) fn args(self, members: &[String]) -> Vec<String> {
        match self {
            Self::Everything => vec!["--workspace".to_owned()],
            Self::UpTo(last) => PHASES
                .iter()
                .filter(|&&(name, phase)| phase <= last && members.iter().any(|member| member == name))
                .flat_map(|&(name, _)| ["-p".to_owned(), name.to_owned()])
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members() -> Vec<String> {
        PHASES
            .iter()
            .map(|&(name, _)| name.to_owned())
            .filter(|name| name != "breakage")
            .collect()
    }

    #[test]
    fn a_phase_selects_itself_and_the_earlier_ones_and_nothing_else() {
        let one = Selection::UpTo(Phase::One).args(&members()).join(" ");
        assert_eq!(
            one,
            "-p nuages-bridge -p nuages-macros -p nuages-protocol -p phase1 -p bench_bridge -p bench_websocket -p bridge_models"
        );
        let two = Selection::UpTo(Phase::Two).args(&members()).join(" ");
        assert_eq!(
            two,
            format!("{one} -p nuages-handler -p nuages-views-macros -p nuages-views -p phase2 -p bench_http")
        );
    }

    #[test]
    fn a_listed_crate_that_does_not_exist_yet_is_not_selected() {
        let all = Selection::UpTo(Phase::Facade).args(&members());
        assert!(all.contains(&"nuages".to_owned()));
        assert!(!all.contains(&"breakage".to_owned()));
    }

    #[test]
    fn no_crate_is_listed_twice() {
        for (index, (name, _)) in PHASES.iter().enumerate() {
            assert!(
                PHASES[..index].iter().all(|(other, _)| other != name),
                "{name} is listed twice"
            );
        }
    }
}
