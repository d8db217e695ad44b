//! The names of routes, in their namespaces: Django's rules for applications that are there several times.

use std::collections::HashMap;
use std::sync::Arc;

use super::reverse::ReverseError;

pub(super) struct Names {
    /// By namespace and name.
    routes: HashMap<(usize, String), usize>,
    /// Zero is the one without a name.
    namespaces: Vec<Arc<[String]>>,
    /// The instances of an application, by the namespace around it and its name.
    applications: HashMap<(Vec<String>, String), Vec<String>>,
}

impl Names {
    /// All instances that there are: where, of which application, under which name.
    pub(super) fn new(instances: Vec<(Vec<String>, String, String)>, problems: &mut Vec<String>) -> Self {
        let mut names = Self {
            routes: HashMap::new(),
            namespaces: vec![Arc::from([])],
            applications: HashMap::new(),
        };
        for (around, application, instance) in instances {
            let mut path = around.clone();
            path.push(instance.clone());
            if names.namespaces.iter().any(|other| **other == *path) {
                problems.push(format!(
                    "the namespace `{}` is given to two groups: tell them apart by `.namespace(..)` after one `.include(..)`",
                    path.join(":")
                ));
            } else {
                names.namespaces.push(path.into());
            }
            let instances = names.applications.entry((around, application)).or_default();
            instances.push(instance);
        }
        names
    }

    /// The number of a namespace that [`new`](Self::new) knew of.
    pub(super) fn number(&self, namespace: &[String]) -> usize {
        let at = self.namespaces.iter().position(|other| **other == *namespace);
        at.unwrap_or(0)
    }

    pub(super) fn namespaces(&self) -> impl Iterator<Item = Arc<[String]>> {
        self.namespaces.iter().map(Arc::clone)
    }

    pub(super) fn namespace(&self, number: usize) -> Arc<[String]> {
        Arc::clone(&self.namespaces[number])
    }

    /// Names a route; gives the one that has this name already.
    pub(super) fn add(&mut self, namespace: usize, name: &str, route: usize) -> Option<usize> {
        self.routes.insert((namespace, name.to_owned()), route)
    }

    /// The route that a name means, to whoever is in the namespace `current`.
    pub(super) fn find(&self, name: &str, current: &[String]) -> Result<usize, ReverseError> {
        let mut parts: Vec<&str> = name.split(':').collect();
        let Some(last) = parts.pop() else {
            return Err(ReverseError(format!("no route is named `{name}`")));
        };
        let mut path: Vec<String> = Vec::new();
        for part in parts {
            let application = (path.clone(), part.to_owned());
            let instance = match self.applications.get(&application) {
                None => part,
                Some(instances) => {
                    // The instance that answers, else the one that is called like the application, else the last one.
                    let here = current
                        .get(path.len())
                        .filter(|here| current.starts_with(&path) && instances.contains(here));
                    let default = || instances.iter().find(|instance| *instance == part);
                    match here.or_else(default).or(instances.last()) {
                        Some(instance) => instance,
                        None => part,
                    }
                }
            };
            path.push(instance.to_owned());
        }
        let namespace = self.namespaces.iter().position(|other| **other == *path);
        let Some(namespace) = namespace else {
            return Err(ReverseError(format!(
                "no namespace is called `{}`, as `{name}` needs",
                path.join(":")
            )));
        };
        let found = self.routes.get(&(namespace, last.to_owned()));
        found
            .copied()
            .ok_or_else(|| ReverseError(format!("no route is named `{name}`")))
    }
}
