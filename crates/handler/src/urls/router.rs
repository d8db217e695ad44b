//! All routes of an application: found by path, and by name.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::names::Names;
use super::pattern::Pattern;
use super::reverse::{ReverseError, fill};
use super::tree::{Param, Tree};
use super::typed::Identity;
use super::{Around, Definition, Found, Urls};
use crate::handler::Shared;
use crate::middleware::Layer;
use crate::mount::Mounted;
use crate::view::View;

/// A route with everything that a request to it passes through.
pub(crate) struct Endpoint {
    pub(crate) pattern: Option<Pattern>,
    pub(crate) name: Option<String>,
    /// Outermost first.
    pub(crate) layers: Box<[Layer]>,
    pub(crate) view: View,
    pub(crate) shared: Arc<Shared>,
    /// Whether this is a view with layers of its own, inside a route.
    pub(crate) inner: bool,
    /// Which of the router's namespaces it is in.
    pub(crate) namespace: usize,
}

impl Endpoint {
    pub(crate) fn inner(layers: Box<[Layer]>, view: View, shared: Arc<Shared>) -> Self {
        Self {
            pattern: None,
            name: None,
            layers,
            view,
            shared,
            inner: true,
            namespace: 0,
        }
    }

    /// Whether it is what answers where no route does.
    pub(crate) fn is_fallback(&self) -> bool {
        self.pattern.is_none() && !self.inner
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("pattern", &self.pattern)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

pub(crate) struct Router {
    pub(crate) routes: Vec<Arc<Endpoint>>,
    tree: Tree,
    names: Names,
    /// The routes of each typed one, of which there should be one.
    typed: HashMap<Identity, Vec<usize>>,
    pub(crate) mounts: Vec<Arc<dyn Mounted>>,
    /// Answers where no route does, behind the application's middleware.
    pub(crate) fallback: Arc<Endpoint>,
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.routes).finish()
    }
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
    /// Lays out all routes, or says everything that is wrong with them.
    pub(crate) fn build(
        urls: Vec<Urls>,
        layers: &[Layer],
        fallback: View,
        shared: &Arc<Shared>,
    ) -> Result<Self, Vec<String>> {
        let mut found = Found::default();
        let around = Around {
            prefix: "",
            layers,
            converters: &[],
            namespaces: &[],
        };
        for urls in urls {
            urls.flatten(&around, &mut found);
        }
        let Found {
            definitions,
            instances,
            mounts,
            mut problems,
        } = found;
        let mut router = Self {
            routes: Vec::with_capacity(definitions.len()),
            tree: Tree::default(),
            names: Names::new(instances, &mut problems),
            typed: HashMap::new(),
            mounts,
            fallback: Arc::new(Endpoint {
                pattern: None,
                name: None,
                layers: layers.into(),
                view: fallback,
                shared: Arc::clone(shared),
                inner: false,
                namespace: 0,
            }),
        };
        for definition in definitions {
            router.add(definition, shared, &mut problems);
        }
        if problems.is_empty() {
            Ok(router)
        } else {
            Err(problems)
        }
    }

    fn add(&mut self, definition: Definition, shared: &Arc<Shared>, problems: &mut Vec<String>) {
        let Definition {
            pattern,
            view,
            name,
            identity,
            layers,
            namespaces,
        } = definition;
        let number = self.routes.len();
        if let Err(first) = self.tree.insert(&pattern, number) {
            problems.push(format!(
                "route `{}` takes the same paths as route `{}`: for different methods of one path write `get(a).post(b)`",
                pattern.text(),
                self.text(first)
            ));
            return;
        }
        let namespace = self.names.number(&namespaces);
        if let Some(name) = &name
            && let Some(first) = self.names.add(namespace, name, number)
        {
            problems.push(format!(
                "the name `{name}` is given to two routes, `{}` and `{}`",
                self.text(first),
                pattern.text()
            ));
        }
        if let Some(identity) = identity {
            self.typed.entry(identity).or_default().push(number);
        }
        let layers = layers
            .into_iter()
            .filter_map(|layer| layer.built(&shared.settings));
        self.routes.push(Arc::new(Endpoint {
            pattern: Some(pattern),
            name,
            layers: layers.collect(),
            view: view.built(shared),
            shared: Arc::clone(shared),
            inner: false,
            namespace,
        }));
    }

    fn text(&self, number: usize) -> &str {
        self.routes[number]
            .pattern
            .as_ref()
            .map_or("", |pattern| pattern.text())
    }

    /// The route for a raw path that begins with a slash, and what its converters took.
    pub(crate) fn resolve(&self, path: &str, start: usize) -> (Arc<Endpoint>, Target) {
        // What does not begin with a slash (`OPTIONS *`) is the path of nothing.
        if path.as_bytes().get(start) == Some(&b'/') {
            if let Some((route, params)) = self.tree.find(path, start + 1) {
                return (self.routes[route].clone(), Target::Route(params));
            }
            if !path.ends_with('/') && self.tree.find(&format!("{path}/"), start + 1).is_some() {
                return (self.fallback.clone(), Target::Slash);
            }
        } else if start > 0 && start == path.len() && self.tree.find(&format!("{path}/"), start + 1).is_some()
        {
            // The place itself at which the application is mounted.
            return (self.fallback.clone(), Target::Slash);
        }
        (self.fallback.clone(), Target::Nothing)
    }

    /// Each namespace that routes are in, by its number.
    pub(crate) fn namespaces(&self) -> impl Iterator<Item = Arc<[String]>> {
        self.names.namespaces()
    }

    pub(crate) fn namespace(&self, number: usize) -> Arc<[String]> {
        self.names.namespace(number)
    }

    pub(crate) fn reverse(
        &self,
        name: &str,
        root_path: &str,
        current: &[String],
        params: &[(String, String)],
    ) -> Result<String, ReverseError> {
        let number = self.names.find(name, current)?;
        match self.routes[number].pattern.as_ref() {
            Some(pattern) => fill(pattern, name, root_path, params),
            None => Err(ReverseError(format!("no route is named `{name}`"))),
        }
    }

    /// The URL of a typed route, whose values come in the order of its pattern.
    pub(crate) fn reverse_typed(
        &self,
        identity: &Identity,
        root_path: &str,
        current: &[String],
        values: &[String],
    ) -> Result<String, ReverseError> {
        let routes = self.typed.get(identity).map_or(&[][..], Vec::as_slice);
        let here = |number: &&usize| *self.namespace(self.routes[**number].namespace) == *current;
        let number = match routes {
            [] => {
                return Err(ReverseError(format!(
                    "the route `{}` is in no `Urls` of this application",
                    identity.pattern
                )));
            }
            [only] => *only,
            // That of the instance that answers the request.
            several => match several.iter().filter(here).collect::<Vec<_>>()[..] {
                [only] => *only,
                _ => {
                    return Err(ReverseError(format!(
                        "the route `{}` is in the application {} times, as `{}` and `{}`: make a route of each, or name a namespace",
                        identity.pattern,
                        several.len(),
                        self.text(several[0]),
                        self.text(several[1])
                    )));
                }
            },
        };
        let Some(pattern) = &self.routes[number].pattern else {
            return Err(ReverseError(format!("`{}` has no pattern", identity.pattern)));
        };
        // The prefixes that it is included with may hold values too, which come first.
        let Some(first) = pattern.params.len().checked_sub(values.len()) else {
            return Err(ReverseError(format!(
                "`{}` takes no {} values",
                identity.pattern,
                values.len()
            )));
        };
        if first > 0 {
            return Err(ReverseError(format!(
                "`{}` needs `{}` of its prefix too: use its name with `reverse`",
                pattern.text(),
                pattern.params[0].0
            )));
        }
        let names = pattern.params.iter().map(|(name, _)| name.clone());
        let params: Vec<(String, String)> = names.zip(values.iter().cloned()).collect();
        fill(pattern, identity.pattern, root_path, &params)
    }
}
