//! The mode plan: what a request passes through, and where it changes threads.

use std::borrow::Cow;
use std::fmt;

use http::Method;

use crate::middleware::Layer;
use crate::urls::{Endpoint, Router};
use crate::view::{Kind, Mode, View};

/// The plan of an application: for each route its layers, their modes, and the hops.
///
/// A hop is sync code that async code sends to a thread. Once a request is on its thread it stays there: sync code inside
/// runs in place, and async code inside is polled by the thread that waits for it. So a route has one hop if any of its layers or its
/// view is sync, and none otherwise. A view that calls [`sync_to_async`](nuages_bridge::sync_to_async) itself adds
/// its own, which the plan can't know.
///
/// # Examples
///
/// ```
/// use nuages_handler::{App, Next, Request, Response, Result, Urls};
///
/// async fn timing(request: Request, next: Next) -> Result<Response> { next.run(request).await }
/// fn home() -> &'static str { "bonsoir" }
/// async fn about() -> &'static str { "about" }
///
/// let urls = Urls::new().path("", home).name("home").path("about/", about).name("about");
/// let plan = App::new().middleware(timing).urls(urls).plan()?;
/// assert_eq!(plan.route("home").hops(), 1);
/// assert_eq!(plan.route("about").hops(), 0);
/// assert_eq!(
///     plan.to_string(),
///     "any  /        home   1 hop   timing (async) => home (sync)\n\
///      any  /about/  about  0 hops  timing (async) -> about (async)\n",
/// );
/// # Ok::<(), nuages_handler::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Plan {
    routes: Vec<RoutePlan>,
    /// What stands around the 404 page, and so around everything.
    layers: Vec<Step>,
}

/// The plan of one route.
#[derive(Clone, Debug)]
pub struct RoutePlan {
    pattern: String,
    name: Option<String>,
    /// The layers, outermost first.
    layers: Vec<Step>,
    /// The view of each method; of all of them, where there is no method. What stands between the layers and a view is that view's own.
    views: Vec<(Option<Method>, Vec<Step>, Step)>,
}

/// A layer or a view in a [`Plan`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    name: Cow<'static, str>,
    mode: Mode,
}

impl Step {
    fn of(layer: &Layer) -> Self {
        Self {
            name: layer.name.clone(),
            mode: layer.mode(),
        }
    }

    /// The function's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Which kind of code it is.
    pub fn mode(&self) -> Mode {
        self.mode
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.mode)
    }
}

impl Plan {
    pub(crate) fn new(router: &Router) -> Self {
        Self {
            routes: router.routes.iter().map(|route| RoutePlan::new(route)).collect(),
            layers: router.fallback.layers.iter().map(Step::of).collect(),
        }
    }

    /// Every route, in the order in which they were written.
    pub fn routes(&self) -> &[RoutePlan] {
        &self.routes
    }

    /// The layers of the application itself, which stand around every route, outermost first.
    pub fn layers(&self) -> impl ExactSizeIterator<Item = &Step> {
        self.layers.iter()
    }

    /// The route with this name, if there is one.
    pub fn get(&self, name: &str) -> Option<&RoutePlan> {
        self.routes.iter().find(|route| route.name() == Some(name))
    }

    /// The route with this name.
    ///
    /// # Panics
    ///
    /// If there is none; [`get`](Self::get) asks.
    #[track_caller]
    pub fn route(&self, name: &str) -> &RoutePlan {
        match self.get(name) {
            Some(route) => route,
            None => panic!("no route is named `{name}`"),
        }
    }
}

impl RoutePlan {
    pub(crate) fn new(route: &Endpoint) -> Self {
        let pattern = route.pattern.as_ref().map_or("", |pattern| pattern.text());
        let layers = route.layers.iter().map(Step::of);
        let mut views = Vec::new();
        collect_views(None, Vec::new(), &route.view, &mut views);
        Self {
            pattern: format!("/{pattern}"),
            name: route.name.clone(),
            layers: layers.collect(),
            views,
        }
    }

    /// The pattern, with its first slash.
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// The name, if it has one.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The layers around the view, outermost first.
    pub fn layers(&self) -> &[Step] {
        &self.layers
    }

    /// The view for each method, or the one for all.
    pub fn views(&self) -> impl Iterator<Item = (Option<&Method>, &Step)> {
        self.views.iter().map(|(method, _, step)| (method.as_ref(), step))
    }

    /// How often a request changes to a thread: the most that any of its methods takes.
    pub fn hops(&self) -> usize {
        self.views
            .iter()
            .map(|(_, own, view)| self.hops_to(own, view))
            .max()
            .unwrap_or(0)
    }

    /// The same for one method.
    pub fn hops_of(&self, method: &Method) -> usize {
        let view = self
            .views
            .iter()
            .find(|(of, ..)| of.as_ref().is_none_or(|of| of == method));
        view.map_or(0, |(_, own, view)| self.hops_to(own, view))
    }

    fn hops_to(&self, own: &[Step], view: &Step) -> usize {
        self.steps(own, view).filter(|(_, hop)| *hop).count()
    }

    /// Each step on the way to `view`, and whether the request hops to a thread for it: the first sync one.
    fn steps<'a>(&'a self, own: &'a [Step], view: &'a Step) -> impl Iterator<Item = (&'a Step, bool)> {
        let mut on_thread = false;
        self.layers.iter().chain(own).chain([view]).map(move |step| {
            let hop = step.mode == Mode::Sync && !on_thread;
            on_thread |= hop;
            (step, hop)
        })
    }

    /// The way to a view in one line; `=>` is a hop to a thread.
    fn way(&self, own: &[Step], view: &Step) -> String {
        let mut way = String::new();
        for (step, hop) in self.steps(own, view) {
            let arrow = match (hop, way.is_empty()) {
                (true, true) => "=> ",
                (true, false) => " => ",
                (false, true) => "",
                (false, false) => " -> ",
            };
            way.push_str(arrow);
            way.push_str(&step.to_string());
        }
        way
    }
}

/// The way to each view, a line for each method.
impl fmt::Display for RoutePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (method, own, view)) in self.views.iter().enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            write!(
                f,
                "{} {}",
                method.as_ref().map_or("any", Method::as_str),
                self.way(own, view)
            )?;
        }
        Ok(())
    }
}

fn collect_views(
    method: Option<&Method>,
    mut own: Vec<Step>,
    view: &View,
    views: &mut Vec<(Option<Method>, Vec<Step>, Step)>,
) {
    match &view.kind {
        Kind::Methods(methods) => {
            for (method, view) in methods.views() {
                collect_views(Some(method), own.clone(), view, views);
            }
        }
        Kind::Inner(route) => {
            own.extend(route.layers.iter().map(Step::of));
            collect_views(method, own, &route.view, views);
        }
        _ => {
            let step = Step {
                name: view.name.clone(),
                mode: view.mode().unwrap_or(Mode::Neutral),
            };
            views.push((method.cloned(), own, step));
        }
    }
}

/// A line for each view: its method, pattern and name, its hops, and its steps; `=>` is a hop to a thread.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows: Vec<([String; 4], String)> = Vec::new();
        for route in &self.routes {
            for (method, own, view) in &route.views {
                let hops = route.hops_to(own, view);
                let way = route.way(own, view);
                rows.push((
                    [
                        method.as_ref().map_or("any", Method::as_str).to_owned(),
                        route.pattern.clone(),
                        route.name.clone().unwrap_or_default(),
                        format!("{hops} hop{}", if hops == 1 { "" } else { "s" }),
                    ],
                    way,
                ));
            }
        }
        let width = |column: usize| {
            rows.iter()
                .map(|(row, _)| row[column].chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths = [width(0), width(1), width(2), width(3)];
        for (row, way) in &rows {
            for (text, width) in row.iter().zip(widths) {
                write!(f, "{text:width$}  ")?;
            }
            writeln!(f, "{way}")?;
        }
        Ok(())
    }
}
