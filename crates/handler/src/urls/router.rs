//! All routes of an application: found by path, and by name.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::pattern::Pattern;
use super::reverse::{ReverseError, fill};
use super::tree::{Param, Tree};
use super::{Definition, Urls};
use crate::middleware::Layer;
use crate::view::View;

/// A route with everything that a request to it passes through.
pub(crate) struct Route {
    pub(crate) pattern: Option<Pattern>,
    pub(crate) name: Option<String>,
    /// Outermost first.
    pub(crate) layers: Box<[Layer]>,
    pub(crate) view: View,
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route")
            .field("pattern", &self.pattern)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

#[derive(Debug)]
pub(crate) struct Router {
    pub(crate) routes: Vec<Arc<Route>>,
    tree: Tree,
    names: HashMap<String, usize>,
    /// Answers where no route does, behind the application's middleware.
    fallback: Arc<Route>,
}

/// Where a path leads.
#[derive(Debug)]
pub(crate) enum Target {
    Route(Vec<Param>),
    /// No route here, but there is one with a slash at the end of the path.
    Slash,
    Nothing,
}

impl Router {
    /// Lays out `urls` behind `layers`, or gives every problem that they have.
    pub(crate) fn build(urls: Vec<Urls>, layers: &[Layer], fallback: View) -> Result<Self, Vec<String>> {
        let mut definitions = Vec::new();
        let mut problems = Vec::new();
        for urls in urls {
            urls.flatten("", layers, &mut definitions, &mut problems);
        }
        let mut router = Self {
            routes: Vec::with_capacity(definitions.len()),
            tree: Tree::default(),
            names: HashMap::new(),
            fallback: Arc::new(Route {
                pattern: None,
                name: None,
                layers: layers.into(),
                view: fallback,
            }),
        };
        for definition in definitions {
            router.add(definition, &mut problems);
        }
        if problems.is_empty() {
            Ok(router)
        } else {
            Err(problems)
        }
    }

    fn add(&mut self, definition: Definition, problems: &mut Vec<String>) {
        let Definition {
            pattern,
            view,
            name,
            layers,
        } = definition;
        let pattern = match Pattern::parse(&pattern) {
            Ok(pattern) => pattern,
            Err(problem) => return problems.push(problem),
        };
        let number = self.routes.len();
        if let Err(first) = self.tree.insert(&pattern, number) {
            let first = self.routes[first].pattern.as_ref().map_or("", |p| p.text());
            problems.push(format!(
                "route `{}` takes the same paths as route `{first}`: for different methods of one path write `get(a).post(b)`",
                pattern.text()
            ));
            return;
        }
        if let Some(name) = &name
            && let Some(first) = self.names.insert(name.clone(), number)
        {
            let first = self.routes[first].pattern.as_ref().map_or("", |p| p.text());
            problems.push(format!(
                "the name `{name}` is given to two routes, `{first}` and `{}`",
                pattern.text()
            ));
        }
        self.routes.push(Arc::new(Route {
            pattern: Some(pattern),
            name,
            layers: layers.into(),
            view,
        }));
    }

    /// The route for a raw path that begins with a slash, and what its converters took.
    pub(crate) fn resolve(&self, path: &str, start: usize) -> (Arc<Route>, Target) {
        // What does not begin with a slash (`OPTIONS *`) is the path of nothing.
        if path.as_bytes().get(start) == Some(&b'/') {
            if let Some((route, params)) = self.tree.find(path, start + 1) {
                return (self.routes[route].clone(), Target::Route(params));
            }
            if !path.ends_with('/') && self.tree.find(&format!("{path}/"), start + 1).is_some() {
                return (self.fallback.clone(), Target::Slash);
            }
        }
        (self.fallback.clone(), Target::Nothing)
    }

    pub(crate) fn reverse(
        &self,
        name: &str,
        root_path: &str,
        params: &[(String, String)],
    ) -> Result<String, ReverseError> {
        let route = self
            .names
            .get(name)
            .and_then(|&number| self.routes[number].pattern.as_ref());
        match route {
            Some(pattern) => fill(pattern, name, root_path, params),
            None => Err(ReverseError(format!("no route is named `{name}`"))),
        }
    }
}
