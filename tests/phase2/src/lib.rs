//! The programme of an evening at a jazz club, by someone who adopts phases 1 and 2 alone: views, middleware,
//! templates and forms over the server, and no database.
//!
//! Guests ask for songs. The songs are kept in memory, by code that is old and blocking; some views are sync, some async.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use nuages_bridge::{Local, sync_to_async};
use nuages_handler::{
    App, Error, Json, Next, Path, Request, RequestHook, Response, Result, StatusCode, Urls, get, neutral,
    reverse,
};
use nuages_views::askama::Template;
use nuages_views::{BoundForm, Form, json, redirect, render};
use serde::Serialize;

/// A song that a guest asked for.
#[derive(Clone, Debug, Serialize)]
pub struct Song {
    /// Its title.
    pub title: String,
    /// Who asked for it.
    pub guest: String,
    /// How many times the band is to play it.
    pub times: u8,
}

/// The programme: old code that knows nothing of requests.
#[derive(Debug, Default)]
pub struct Programme {
    songs: Mutex<Vec<Song>>,
}

impl Programme {
    fn songs(&self) -> Vec<Song> {
        self.songs.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds a song; gives its number.
    fn add(&self, song: Song) -> usize {
        let mut songs = self.songs.lock().unwrap_or_else(PoisonError::into_inner);
        songs.push(song);
        songs.len()
    }
}

/// The evening's programme, for every request.
static PROGRAMME: Local<Arc<Programme>> = Local::new("programme");

fn programme() -> Result<Arc<Programme>> {
    PROGRAMME
        .get()
        .ok_or_else(|| Error::new(StatusCode::INTERNAL_SERVER_ERROR, "no programme for this evening"))
}

struct Evening(Arc<Programme>);

impl RequestHook for Evening {
    fn context(&self) {
        PROGRAMME.set(Arc::clone(&self.0));
    }
}

/// What a guest fills in.
#[derive(Debug, Form)]
pub struct Wish {
    /// The song.
    #[form(label = "Which song?", max_length = 60)]
    pub title: String,
    /// The guest.
    #[form(label = "Your name", max_length = 40, help = "The band leader reads it out")]
    pub guest: String,
    /// How often.
    #[form(label = "How many times?", min = 1, max = 3)]
    pub times: u8,
    /// For the band alone.
    #[form(widget = "textarea", max_length = 200)]
    pub note: Option<String>,
}

#[derive(Template)]
#[template(path = "home.html", askama = nuages_views::askama)]
struct Home {
    songs: Vec<(String, Song)>,
    wish: String,
}

/// Sync: it asks the old code, which may block.
fn home(request: Request) -> Result<Response> {
    let songs = programme()?.songs();
    let urls = (1..).map(|number: usize| reverse("song", [("number", number)]));
    let songs = urls
        .zip(songs)
        .map(|(url, song)| Ok((url?, song)))
        .collect::<Result<_>>()?;
    render(
        &request,
        Home {
            songs,
            wish: reverse("wish", ())?,
        },
    )
}

/// Async: the old code runs on the request's thread.
async fn song(Path(number): Path<usize>) -> Result<Json<Song>> {
    let programme = programme()?;
    let songs = sync_to_async(move || programme.songs()).await?;
    number
        .checked_sub(1)
        .and_then(|i| songs.into_iter().nth(i))
        .map(Json)
        .ok_or_else(Error::not_found)
}

async fn songs() -> Result<Response> {
    json(&programme()?.songs())
}

#[derive(Template)]
#[template(path = "wish.html", askama = nuages_views::askama)]
struct WishPage {
    form: BoundForm<Wish>,
}

async fn ask(request: Request) -> Result<Response> {
    render(
        &request,
        WishPage {
            form: Wish::unbound(),
        },
    )
}

/// Sync: what was typed becomes a song, or comes back with its errors.
fn wish(request: Request, form: BoundForm<Wish>) -> Result<Response> {
    match form.validate() {
        Ok(Wish {
            title, guest, times, ..
        }) => {
            let number = programme()?.add(Song { title, guest, times });
            Ok(redirect(reverse("home", ())?).header("x-number", number))
        }
        Err(form) => Ok(render(&request, WishPage { form })?.status_code(StatusCode::UNPROCESSABLE_ENTITY)),
    }
}

/// Async middleware: how long it took.
async fn timing(request: Request, next: Next) -> Result<Response> {
    let started = Instant::now();
    let response = next.run(request).await?;
    Ok(response.header(
        "server-timing",
        format!("app;dur={}", started.elapsed().as_millis()),
    ))
}

/// Sync middleware: the house's own rule, as old as the programme.
fn closed_to_robots(request: Request, next: Next) -> Result<Response> {
    if request
        .header("user-agent")
        .is_some_and(|agent| agent.contains("robot"))
    {
        return Err(Error::forbidden());
    }
    next.run(request).wait()
}

/// The application of an evening.
pub fn app(programme: Arc<Programme>) -> App {
    let no_sniffing = neutral(
        |_| None,
        |_, response| response.header("x-content-type-options", "nosniff"),
    )
    .named("no_sniffing");
    let api = Urls::new()
        .path("songs/", get(songs))
        .name("songs")
        .path("songs/<int:number>/", get(song))
        .name("song");
    let wishes = Urls::new()
        .middleware(closed_to_robots)
        .path("", get(ask).post(wish))
        .name("wish");
    let urls = Urls::new()
        .path("", get(home))
        .name("home")
        .include("wish/", wishes)
        .include("api/", api);
    App::new()
        .hook(Evening(programme))
        .middleware(timing)
        .middleware(no_sniffing)
        .urls(urls)
}
