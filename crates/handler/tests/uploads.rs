//! Forms with files: read, limited, stored, refused, and tidied up whatever happens.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::Path;
use std::sync::{Arc, Mutex};

use nuages_handler::uploads::{
    Blocking, FileInfo, Files, Multipart, NewFile, Quota, Received, SyncUploadHandler, UploadHandler,
    UploadHandlers, UploadedFile,
};
use nuages_handler::{
    App, Bytes, Client, Error, Form as FormOf, FormData, FormRejection, HttpScope, Limits, Method, Next, Op,
    Request, Response, Result, Urls,
};
use nuages_protocol::Application as _;

use support::{Form, MULTIPART, both, channel, send};

fn describe(form: &FormData) -> String {
    let fields = form.iter().map(|(name, value)| format!("{name}={value}"));
    let files = form.files().iter().map(|file| {
        let place = if file.bytes().is_some() { "memory" } else { "disk" };
        format!("{}:{} {} in {place}", file.field(), file.name(), file.size())
    });
    fields.chain(files).collect::<Vec<_>>().join(", ")
}

fn sync_argument(form: FormData) -> String {
    describe(&form)
}

async fn async_argument(form: FormData) -> String {
    describe(&form)
}

fn sync_op(request: Request) -> Result<String> {
    Ok(describe(&request.form().wait()?))
}

async fn async_op(request: Request) -> Result<String> {
    Ok(describe(&request.form().await?))
}

/// The same view in every kind.
fn urls() -> Urls {
    Urls::new()
        .path("sync-argument/", sync_argument)
        .path("async-argument/", async_argument)
        .path("sync-op/", sync_op)
        .path("async-op/", async_op)
}

const VIEWS: [&str; 4] = ["/sync-argument/", "/async-argument/", "/sync-op/", "/async-op/"];

/// Asks all four views in both call styles, and checks what they answer.
async fn in_every_mix(app: App, form: Bytes, expected: &str) {
    let client = Client::new(app.urls(urls()));
    for path in VIEWS {
        let (client, form) = (client.clone(), form.clone());
        for response in both(move || send(&client, path, form.clone())).await {
            assert_eq!(
                (response.status().as_u16(), response.text()),
                (200, expected),
                "{path}"
            );
        }
    }
}

async fn refused_in_every_mix(app: App, form: Bytes, status: u16, text: &str) {
    let client = Client::new(app.urls(urls()));
    for path in VIEWS {
        let (client, form) = (client.clone(), form.clone());
        for response in both(move || send(&client, path, form.clone())).await {
            assert_eq!(response.status(), status, "{path}: {}", response.text());
            assert!(response.text().contains(text), "{path}: {}", response.text());
        }
    }
}

/// How many files a directory holds.
fn files_in(directory: &Path) -> usize {
    std::fs::read_dir(directory).unwrap().count()
}

/// Until the directory is empty: files are removed on a thread.
async fn emptied(directory: &Path) {
    let begin = std::time::Instant::now();
    while files_in(directory) > 0 {
        assert!(
            begin.elapsed().as_secs() < 20,
            "{} files are left",
            files_in(directory)
        );
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn fields_and_files_are_read_in_every_mix() {
    let form = Form::new()
        .field("title", "Nuages, d'après")
        .file("cover", "a.png", b"PNG")
        .field("title", "encore")
        .file("cover", "b.png", b"")
        .end();
    in_every_mix(
        App::new(),
        form,
        "title=Nuages, d'après, title=encore, cover:a.png 3 in memory, cover:b.png 0 in memory",
    )
    .await;
}

#[tokio::test]
async fn a_file_past_the_threshold_is_on_disk_and_small_ones_share_the_memory() {
    let directory = tempfile::tempdir().unwrap();
    let limits = Limits::default()
        .file_memory(1000)
        .temporary_directory(directory.path());
    let form = Form::new()
        .file("a", "a", &[b'a'; 600])
        .file("b", "b", &[b'b'; 600])
        .file("c", "c", &[b'c'; 400])
        .end();
    in_every_mix(
        App::new().limits(limits),
        form,
        "a:a 600 in memory, b:b 600 in disk, c:c 400 in memory",
    )
    .await;
    emptied(directory.path()).await;
}

#[tokio::test]
async fn a_file_on_disk_has_the_bytes_that_were_sent() {
    let content: Vec<u8> = (0..3_000_000_u32).map(|i| (i % 251) as u8).collect();
    let form = Form::new().file("file", "big", &content).end();
    let content = Bytes::from(content);
    let expected = content.clone();
    let sync_view = move |files: Files| -> Result<String> {
        let file = files.get("file").unwrap();
        assert!(file.bytes().is_none() && file.path().is_some());
        assert_eq!(file.read().wait()?, expected);
        let parts: Result<Vec<Bytes>> = file.chunks().iter().collect();
        let parts = parts?;
        assert!(parts.len() > 10);
        assert_eq!(parts.concat(), expected);
        Ok("same".to_owned())
    };
    let expected = content.clone();
    let async_view = move |files: Files| {
        let expected = expected.clone();
        async move {
            let file = files.get("file").unwrap();
            assert_eq!(file.read().await?, expected);
            let mut chunks = file.chunks();
            let mut parts = Vec::new();
            while let Some(chunk) = chunks.next().await? {
                parts.extend_from_slice(&chunk);
            }
            assert_eq!(parts, expected);
            Ok::<_, Error>("same".to_owned())
        }
    };
    let client =
        Client::new(App::new().urls(Urls::new().path("sync/", sync_view).path("async/", async_view)));
    for path in ["/sync/", "/async/"] {
        let (client, form) = (client.clone(), form.clone());
        for response in both(move || send(&client, path, form.clone())).await {
            assert_eq!(response.text(), "same", "{path}");
        }
    }
}

#[tokio::test]
async fn an_empty_file_field_has_no_file() {
    let form = Form::new().file("cover", "", b"").field("title", "x").end();
    in_every_mix(App::new(), form, "title=x").await;
}

#[tokio::test]
async fn a_form_has_a_hundred_files_and_a_thousand_fields_at_most() {
    let files = |n: usize| {
        (0..n)
            .fold(Form::new(), |form, _| form.file("f", "f", b"x"))
            .end()
    };
    let fields = |n: usize| (0..n).fold(Form::new(), |form, _| form.field("f", "x")).end();
    refused_in_every_mix(App::new(), files(101), 400, "more than 100 files").await;
    refused_in_every_mix(App::new(), fields(1001), 400, "more than 1000 fields").await;
    let client = Client::new(App::new().urls(Urls::new().path("", |form: FormData| {
        format!("{} {}", form.len(), form.files().len())
    })));
    assert_eq!(send(&client, "/", files(100)).await.unwrap().text(), "0 100");
    assert_eq!(send(&client, "/", fields(1000)).await.unwrap().text(), "1000 0");
}

#[tokio::test]
async fn fields_that_are_no_files_have_a_limit_and_files_do_not_count_to_it() {
    let limits = Limits::default().body(100);
    let big = "x".repeat(60);
    let form = Form::new().field("a", &big).field("b", &big).end();
    refused_in_every_mix(App::new().limits(limits.clone()), form, 413, "limit of 100 bytes").await;
    let form = Form::new().field("a", &big).file("f", "f", &[0; 5000]).end();
    in_every_mix(
        App::new().limits(limits),
        form,
        &format!("a={big}, f:f 5000 in memory"),
    )
    .await;
}

#[tokio::test]
async fn a_form_past_the_upload_limit_is_a_413_by_declared_and_by_real_length() {
    let limits = Limits::default().upload(1000);
    let form = Form::new().file("f", "f", &[0; 2000]).end();
    refused_in_every_mix(
        App::new().limits(limits.clone()),
        form.clone(),
        413,
        "limit of 1000 bytes",
    )
    .await;
    // One that declares no length.
    let handler = App::new().limits(limits).urls(urls()).build().unwrap();
    for path in VIEWS {
        let (sender, body) = channel();
        let answer = handler.http(post(path), body);
        let feed = async {
            for chunk in form.chunks(100) {
                if sender.send(Ok(Bytes::copy_from_slice(chunk))).await.is_err() {
                    return;
                }
            }
        };
        let (answer, ()) = tokio::join!(answer, feed);
        assert_eq!(answer.unwrap().status(), 413, "{path}");
    }
}

fn post(path: &str) -> HttpScope {
    let mut scope = HttpScope::new(Method::POST, path.parse().unwrap());
    scope.headers.insert("content-type", MULTIPART.parse().unwrap());
    scope
}

#[tokio::test]
async fn what_is_no_form_is_a_400_that_says_what_is_wrong() {
    for (body, text) in [
        (Form::new().field("a", "b").cut(), "ends in the middle"),
        (Bytes::new(), "ends in the middle"),
        (Bytes::from_static(b"nonsense"), "ends in the middle"),
        (
            Form::new().part("Content-Type: text/plain", b"").end(),
            "content-disposition",
        ),
        (Form::new().part("no colon here", b"").end(), "no colon"),
        (
            Form::new()
                .part(
                    "Content-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64",
                    b"",
                )
                .end(),
            "transfer encoding",
        ),
        (
            Form::new()
                .part(
                    &format!("Content-Disposition: form-data; name=a; x={}", "y".repeat(9000)),
                    b"",
                )
                .end(),
            "longer than 8192 bytes",
        ),
        (
            Form::new()
                .part("Content-Disposition: form-data; name=title", b"\xff")
                .end(),
            "`title` is not valid UTF-8",
        ),
    ] {
        refused_in_every_mix(App::new(), body, 400, text).await;
    }
    let client = Client::new(App::new().urls(urls()));
    for kind in [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"a\u{7f}\"",
    ] {
        for path in VIEWS {
            let request = client
                .post(path)
                .header("content-type", kind.as_bytes().to_vec())
                .body(Form::new().end());
            assert_eq!(
                request.await.map_or(400, |response| response.status().as_u16()),
                400,
                "{path} {kind}"
            );
        }
    }
}

#[tokio::test]
async fn a_form_in_another_charset_is_a_415() {
    let client = Client::new(App::new().urls(urls()));
    for kind in [
        "multipart/form-data; boundary=x; charset=utf-16",
        "application/x-www-form-urlencoded; charset=latin-1",
    ] {
        for path in VIEWS {
            let response = client
                .post(path)
                .header("content-type", kind)
                .body("--x--")
                .await
                .unwrap();
            assert_eq!(response.status(), 415, "{path} {kind}");
        }
    }
}

#[tokio::test]
async fn names_of_files_are_safe() {
    let form = Form::new()
        .file("a", "../../etc/passwd", b"")
        .file("b", r"C:\\Users\\x\\nul.txt", b"")
        .part(
            "Content-Disposition: form-data; name=\"c\"; filename*=UTF-8''..%2F..%00%2Fna%C3%AFve",
            b"",
        )
        .file("d", "..", b"")
        .end();
    in_every_mix(
        App::new(),
        form,
        "a:passwd 0 in memory, b:_nul.txt 0 in memory, c:naïve 0 in memory, d:unnamed 0 in memory",
    )
    .await;
}

#[tokio::test]
async fn a_body_that_was_read_before_gives_a_form_too() {
    let layer = |request: Request, next: Next| async move {
        let body = request.body().await?;
        assert!(body.starts_with(b"--"));
        next.run(request).await
    };
    let form = Form::new().field("a", "b").file("f", "f", b"123").end();
    in_every_mix(App::new().middleware(layer), form.clone(), "a=b, f:f 3 in memory").await;
    let view =
        |body: Bytes, form: FormData, files: Files| format!("{} {} {}", body.len(), form.len(), files.len());
    let client = Client::new(App::new().urls(Urls::new().path("", view)));
    let length = form.len();
    assert_eq!(
        send(&client, "/", form).await.unwrap().text(),
        format!("{length} 1 1")
    );
}

#[tokio::test]
async fn a_body_after_a_form_with_files_is_a_clear_error() {
    let view = async |request: Request| -> Result<String> {
        request.form().await?;
        assert_eq!(request.form().await?.len(), 1, "the form itself is kept");
        Ok(request.body().await.unwrap_err().to_string())
    };
    let client = Client::new(App::new().urls(Urls::new().path("", view)));
    let response = send(&client, "/", Form::new().field("a", "b").end())
        .await
        .unwrap();
    assert!(
        response.text().contains("taken by `Request::form`"),
        "{}",
        response.text()
    );
}

#[tokio::test]
async fn a_form_that_failed_fails_the_same_way_again() {
    let view = async |request: Request| -> Result<String> {
        let first = request.form().await.unwrap_err();
        let second = request.files().await.unwrap_err();
        assert_eq!(first.to_string(), second.to_string());
        assert!(first.downcast_ref::<FormRejection>().is_some());
        Err(first)
    };
    let client = Client::new(App::new().urls(Urls::new().path("", view)));
    assert_eq!(
        send(&client, "/", Form::new().field("a", "b").cut())
            .await
            .unwrap()
            .status(),
        400
    );
}

#[derive(serde::Deserialize)]
struct Album {
    title: String,
    year: i32,
}

#[tokio::test]
async fn a_typed_form_reads_the_fields_of_a_form_with_files() {
    let view = |FormOf(album): FormOf<Album>, files: Files| {
        format!("{} {} {}", album.title, album.year, files.len())
    };
    let client = Client::new(App::new().urls(Urls::new().path("", view)));
    let form = Form::new()
        .field("title", "A & B")
        .field("year", "1940")
        .file("cover", "c", b"");
    assert_eq!(
        send(&client, "/", form.end()).await.unwrap().text(),
        "A & B 1940 1"
    );
    let form = Form::new().field("title", "x").field("year", "soon");
    let response = send(&client, "/", form.end()).await.unwrap();
    assert_eq!(response.status(), 400);
    assert!(response.text().contains("`year`"), "{}", response.text());
}

#[test]
fn files_are_moved_to_their_place() {
    let media = tempfile::tempdir().unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let limits = Limits::default()
        .file_memory(10)
        .temporary_directory(temporary.path());
    let target = media.path().to_owned();
    let view = move |files: Files| -> Result<String> {
        for file in &files {
            file.persist(target.join(file.field())).wait()?;
            // It can be read where it is now, and saved once more.
            assert_eq!(file.read().wait()?.len() as u64, file.size());
        }
        let saved: Result<Vec<_>> = files.iter().map(|file| file.save_in(&target).wait()).collect();
        let names = saved?
            .into_iter()
            .map(|path| path.file_name().unwrap().to_string_lossy().into_owned());
        Ok(names.collect::<Vec<_>>().join(" "))
    };
    let client = Client::new(App::new().limits(limits).urls(Urls::new().path("", view)));
    let form = Form::new()
        .file("small", "same.txt", b"small")
        .file("large", "same.txt", &[b'l'; 100])
        .end();
    let response = send(&client, "/", form).wait().unwrap();
    let (first, second) = response.text().split_once(' ').unwrap();
    assert_eq!(first, "same.txt");
    assert!(
        second.starts_with("same_") && second.ends_with(".txt"),
        "{second}"
    );
    assert_eq!(std::fs::read(media.path().join("small")).unwrap(), b"small");
    assert_eq!(std::fs::read(media.path().join("large")).unwrap(), [b'l'; 100]);
    assert_eq!(std::fs::read(media.path().join(second)).unwrap(), [b'l'; 100]);
    assert_eq!(files_in(media.path()), 4);
    assert_eq!(files_in(temporary.path()), 0);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(media.path().join("large"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o644);
    }
}

#[test]
fn a_file_that_cannot_be_moved_stays_as_it_was() {
    let temporary = tempfile::tempdir().unwrap();
    let limits = Limits::default()
        .file_memory(10)
        .temporary_directory(temporary.path());
    let view = |files: Files| -> Result<String> {
        for file in &files {
            file.persist("/no/such/directory/file").wait().unwrap_err();
            assert_eq!(file.read().wait()?.len() as u64, file.size());
        }
        Ok("there".to_owned())
    };
    let client = Client::new(App::new().limits(limits).urls(Urls::new().path("", view)));
    let form = Form::new()
        .file("a", "a", b"small")
        .file("b", "b", &[0; 100])
        .end();
    assert_eq!(send(&client, "/", form).wait().unwrap().text(), "there");
    assert_eq!(files_in(temporary.path()), 0);
}

/// Writes down what it is asked, and answers as it is told.
#[derive(Clone, Default)]
struct Diary {
    entries: Arc<Mutex<Vec<String>>>,
    new_file: Option<NewFile>,
    received: Option<Received>,
}

impl Diary {
    fn note(&self, entry: impl Into<String>) {
        self.entries.lock().unwrap().push(entry.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.entries.lock().unwrap())
    }
}

impl UploadHandler for Diary {
    fn begin(&mut self, _upload: &nuages_handler::uploads::UploadInfo) {
        self.note("begin");
    }

    fn new_file(&mut self, file: FileInfo) -> Op<'_, NewFile> {
        self.note(format!("new {}", file.name));
        Op::ready("Diary", Ok(self.new_file.unwrap_or(NewFile::PassOn)))
    }

    fn receive_data_chunk(&mut self, chunk: Bytes, start: u64) -> Op<'_, Received> {
        self.note(format!("{} at {start}", chunk.len()));
        Op::ready(
            "Diary",
            Ok(self.received.clone().unwrap_or(Received::PassOn(chunk))),
        )
    }

    fn file_complete(&mut self, size: u64) -> Op<'_, Option<UploadedFile>> {
        self.note(format!("complete {size}"));
        Op::ready("Diary", Ok(None))
    }

    fn file_abandoned(&mut self) {
        self.note("abandoned");
    }

    fn upload_complete(&mut self) -> Op<'_, ()> {
        self.note("the end");
        Op::ready("Diary", Ok(()))
    }

    fn upload_interrupted(&mut self) {
        self.note("interrupted");
    }
}

/// The same, as plain code.
struct SyncDiary(Diary);

impl SyncUploadHandler for SyncDiary {
    fn begin(&mut self, _upload: &nuages_handler::uploads::UploadInfo) {
        self.0.note("begin");
    }

    fn new_file(&mut self, file: FileInfo) -> Result<NewFile> {
        self.0.note(format!("new {}", file.name));
        Ok(self.0.new_file.unwrap_or(NewFile::PassOn))
    }

    fn receive_data_chunk(&mut self, chunk: Bytes, start: u64) -> Result<Received> {
        // It may block: this is refused on an event loop.
        Op::<()>::ready("a wait", Ok(())).wait()?;
        self.0.note(format!("{} at {start}", chunk.len()));
        Ok(self.0.received.clone().unwrap_or(Received::PassOn(chunk)))
    }

    fn file_complete(&mut self, size: u64) -> Result<Option<UploadedFile>> {
        self.0.note(format!("complete {size}"));
        Ok(None)
    }

    fn file_abandoned(&mut self) {
        self.0.note("abandoned");
    }

    fn upload_complete(&mut self) -> Result<()> {
        self.0.note("the end");
        Ok(())
    }

    fn upload_interrupted(&mut self) {
        self.0.note("interrupted");
    }
}

/// An application whose forms go through a diary of either kind, before or behind the standard handler.
fn watched(diary: &Diary, sync: bool) -> App {
    let diary = diary.clone();
    App::new().upload_handlers(move |request| {
        let handlers = UploadHandlers::standard(request);
        if sync {
            handlers.first(Blocking::new(SyncDiary(diary.clone())))
        } else {
            handlers.first(diary.clone())
        }
    })
}

async fn diary_in_every_mix(diary: Diary, form: Bytes, answer: &str, entries: &[&str]) {
    for sync in [false, true] {
        let client = Client::new(watched(&diary, sync).urls(urls()));
        for path in VIEWS {
            for at in 0..2 {
                let (client, form) = (client.clone(), form.clone());
                let response = both(move || send(&client, path, form.clone())).await[at].clone();
                assert_eq!(response.text(), answer, "{path} sync: {sync}");
                let noted = diary.take();
                // Asked twice: in both call styles.
                assert_eq!(noted, [entries, entries].concat(), "{path} sync: {sync}");
            }
        }
    }
}

#[tokio::test]
async fn handlers_see_a_form_in_chunks_of_64_kib_in_every_mix() {
    let form = Form::new()
        .file("f", "big", &[0; 150_000])
        .field("a", "b")
        .file("g", "none", b"")
        .end();
    let entries = [
        "begin",
        "new big",
        "65536 at 0",
        "65536 at 65536",
        "18928 at 131072",
        "complete 150000",
        "new none",
        "complete 0",
        "the end",
    ];
    diary_in_every_mix(
        Diary::default(),
        form,
        "a=b, f:big 150000 in memory, g:none 0 in memory",
        &entries,
    )
    .await;
}

#[tokio::test]
async fn a_handler_that_keeps_a_file_is_the_last_that_is_asked() {
    let diary = Diary {
        new_file: Some(NewFile::Keep),
        ..Diary::default()
    };
    let form = Form::new().file("f", "f", b"123").end();
    diary_in_every_mix(
        diary,
        form,
        "",
        &["begin", "new f", "3 at 0", "complete 3", "the end"],
    )
    .await;
}

#[tokio::test]
async fn a_handler_skips_a_file_at_its_beginning_or_midway() {
    let form = Form::new().file("f", "f", b"123").field("a", "b").end();
    let skips = Diary {
        new_file: Some(NewFile::Skip),
        ..Diary::default()
    };
    diary_in_every_mix(
        skips,
        form.clone(),
        "a=b",
        &["begin", "new f", "abandoned", "the end"],
    )
    .await;
    let skips = Diary {
        received: Some(Received::Skip),
        ..Diary::default()
    };
    diary_in_every_mix(
        skips,
        form,
        "a=b",
        &["begin", "new f", "3 at 0", "abandoned", "the end"],
    )
    .await;
}

#[tokio::test]
async fn a_handler_stops_the_form_with_what_came_before() {
    let form = Form::new()
        .field("a", "b")
        .file("f", "f", b"123")
        .field("c", "d")
        .end();
    let stops = Diary {
        new_file: Some(NewFile::Stop),
        ..Diary::default()
    };
    diary_in_every_mix(
        stops,
        form.clone(),
        "a=b",
        &["begin", "new f", "abandoned", "the end"],
    )
    .await;
    let stops = Diary {
        received: Some(Received::Stop),
        ..Diary::default()
    };
    diary_in_every_mix(
        stops,
        form,
        "a=b",
        &["begin", "new f", "3 at 0", "abandoned", "the end"],
    )
    .await;
}

#[tokio::test]
async fn a_handler_passes_on_something_else() {
    let diary = Diary {
        received: Some(Received::PassOn(Bytes::from_static(b"!"))),
        ..Diary::default()
    };
    let client = Client::new(watched(&diary, false).urls(
        Urls::new().path("", async |files: Files| -> Result<Bytes> {
            files.get("f").unwrap().read().await
        }),
    ));
    assert_eq!(
        send(&client, "/", Form::new().file("f", "f", b"123").end())
            .await
            .unwrap()
            .text(),
        "!"
    );
}

#[tokio::test]
async fn a_quota_is_a_413_and_leaves_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let limits = Limits::default()
        .file_memory(0)
        .temporary_directory(directory.path());
    let app = || {
        App::new()
            .limits(limits.clone())
            .upload_handlers(|request| UploadHandlers::standard(request).first(Quota::new(3_000_000)))
    };
    let file = vec![0; 1_500_000];
    let form = Form::new().file("a", "a", &file).file("b", "b", &file).end();
    in_every_mix(app(), form, "a:a 1500000 in disk, b:b 1500000 in disk").await;
    let form = Form::new()
        .file("a", "a", &file)
        .file("b", "b", &file)
        .file("c", "c", b"x")
        .end();
    refused_in_every_mix(app(), form, 413, "3000000 bytes").await;
    emptied(directory.path()).await;
}

#[tokio::test]
async fn handlers_are_set_before_the_form_is_read_and_not_after() {
    let layer = |request: Request, next: Next| -> Result<Response> {
        request.set_upload_handlers(UploadHandlers::standard(&request).first(Quota::new(1)))?;
        next.run(request).wait()
    };
    let form = Form::new().file("f", "f", b"123").end();
    refused_in_every_mix(App::new().middleware(layer), form.clone(), 413, "1 bytes").await;
    let late = |request: Request, _form: FormData| -> Result<String> {
        Ok(request
            .set_upload_handlers(UploadHandlers::new())
            .unwrap_err()
            .to_string())
    };
    let client = Client::new(App::new().urls(Urls::new().path("", late)));
    let response = send(&client, "/", form).await.unwrap();
    assert!(
        response.text().contains("can't be set any more"),
        "{}",
        response.text()
    );
}

#[tokio::test]
async fn a_client_that_goes_leaves_no_file_and_the_handlers_know() {
    for sync in [false, true] {
        for path in VIEWS {
            let directory = tempfile::tempdir().unwrap();
            let limits = Limits::default()
                .file_memory(0)
                .temporary_directory(directory.path());
            let diary = Diary::default();
            let handler = watched(&diary, sync).limits(limits).urls(urls()).build().unwrap();
            let (sender, body) = channel();
            let mut answer = Box::pin(handler.http(post(path), body));
            let form = Form::new().file("f", "f", &vec![0; 3_000_000]).cut();
            tokio::select! {
                _ = &mut answer => panic!("the form has no end"),
                () = async {
                    for chunk in form.chunks(300_000) {
                        sender.send(Ok(Bytes::copy_from_slice(chunk))).await.unwrap();
                    }
                    while files_in(directory.path()) == 0 {
                        tokio::task::yield_now().await;
                    }
                } => {}
            }
            drop(answer);
            emptied(directory.path()).await;
            while !diary.entries.lock().unwrap().contains(&"interrupted".to_owned()) {
                tokio::task::yield_now().await;
            }
            let entries = diary.take();
            assert_eq!(
                entries.iter().filter(|entry| *entry == "interrupted").count(),
                1,
                "{path} sync: {sync}"
            );
            assert!(!entries.contains(&"the end".to_owned()));
        }
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_leaves_no_file_and_is_a_clear_error() {
    for path in VIEWS {
        let directory = tempfile::tempdir().unwrap();
        let limits = Limits::default()
            .file_memory(0)
            .temporary_directory(directory.path());
        let diary = Diary::default();
        let handler = watched(&diary, false)
            .limits(limits)
            .urls(urls())
            .build()
            .unwrap();
        let (sender, body) = channel();
        let feed = async {
            let form = Form::new().file("f", "f", &vec![0; 3_000_000]).cut();
            sender.send(Ok(form)).await.unwrap();
            let _ = sender.send(Err(std::io::Error::other("cut"))).await;
        };
        let (answer, ()) = tokio::join!(handler.http(post(path), body), feed);
        assert_eq!(answer.unwrap().status(), 500, "{path}");
        emptied(directory.path()).await;
        assert_eq!(diary.take().last().unwrap(), "interrupted");
    }
}

#[tokio::test]
async fn a_view_that_panics_or_fails_leaves_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let limits = Limits::default()
        .file_memory(0)
        .temporary_directory(directory.path());
    let urls = Urls::new()
        .path("panics/", |files: Files| -> String {
            panic!("with {} files", files.len())
        })
        .path("panics-async/", async |files: Files| -> String {
            panic!("with {} files", files.len())
        })
        .path("fails/", async |files: Files| -> Result<String> {
            assert_eq!(files.len(), 1);
            Err(Error::not_found())
        })
        .path("keeps/", |_files: Files| "fine");
    let client = Client::new(App::new().limits(limits).urls(urls)).raise_exceptions(false);
    for (path, status) in [
        ("/panics/", 500),
        ("/panics-async/", 500),
        ("/fails/", 404),
        ("/keeps/", 200),
    ] {
        let form = Form::new().file("f", "f", &[0; 100]).end();
        assert_eq!(
            send(&client, path, form).await.unwrap().status(),
            status,
            "{path}"
        );
        emptied(directory.path()).await;
    }
}

#[tokio::test]
async fn a_file_lives_as_long_as_somebody_has_it() {
    let directory = tempfile::tempdir().unwrap();
    let limits = Limits::default()
        .file_memory(0)
        .temporary_directory(directory.path());
    let kept: Arc<Mutex<Option<UploadedFile>>> = Arc::default();
    let keep = kept.clone();
    let view = move |files: Files| {
        *keep.lock().unwrap() = files.get("f").cloned();
        "kept"
    };
    let client = Client::new(App::new().limits(limits).urls(Urls::new().path("", view)));
    send(&client, "/", Form::new().file("f", "f", b"123").end())
        .await
        .unwrap();
    let file = kept.lock().unwrap().take().unwrap();
    assert_eq!(file.read().await.unwrap(), "123");
    drop(file);
    emptied(directory.path()).await;
}

#[tokio::test]
async fn a_full_disk_is_a_500_and_no_panic() {
    let limits = Limits::default()
        .file_memory(0)
        .temporary_directory("/no/such/directory");
    let form = Form::new().file("f", "f", b"123").end();
    refused_in_every_mix(App::new().limits(limits), form, 500, "number").await;
}

#[tokio::test]
async fn a_handler_that_panics_is_a_500_and_the_others_are_told() {
    struct Broken;
    impl UploadHandler for Broken {
        fn receive_data_chunk(&mut self, _chunk: Bytes, _start: u64) -> Op<'_, Received> {
            panic!("broken")
        }
    }
    let diary = Diary::default();
    let noted = diary.clone();
    let app = App::new().upload_handlers(move |_| UploadHandlers::new().then(diary.clone()).then(Broken));
    let form = Form::new().file("f", "f", b"123").end();
    refused_in_every_mix(app, form, 500, "number").await;
    let entries = noted.take();
    assert_eq!(
        entries.iter().filter(|entry| *entry == "interrupted").count(),
        VIEWS.len() * 2
    );
}

#[tokio::test]
async fn a_view_reads_the_parts_itself_in_both_styles() {
    async fn in_async(mut form: Multipart) -> Result<String> {
        let mut text = String::new();
        while let Some(mut part) = form.next_part().await? {
            match part.file_name() {
                Some(name) => {
                    let mut size = 0;
                    while let Some(chunk) = part.chunk().await? {
                        size += chunk.len();
                    }
                    text += &format!("{name}:{size} ");
                }
                None => text += &format!("{}={} ", part.name().to_owned(), part.text().await?),
            }
        }
        Ok(text)
    }
    fn in_sync(mut form: Multipart) -> Result<String> {
        let mut text = String::new();
        while let Some(mut part) = form.next_part().wait()? {
            match part.file_name() {
                Some(name) => {
                    let mut size = 0;
                    while let Some(chunk) = part.chunk().wait()? {
                        size += chunk.len();
                    }
                    text += &format!("{name}:{size} ");
                }
                None => text += &format!("{}={} ", part.name().to_owned(), part.text().wait()?),
            }
        }
        Ok(text)
    }
    async fn names(mut form: Multipart) -> Result<String> {
        let mut text = String::new();
        // What is not read is skipped.
        while let Some(part) = form.next_part().await? {
            text += part.name();
        }
        Ok(text)
    }
    let urls = Urls::new()
        .path("a/", in_async)
        .path("b/", in_sync)
        .path("names/", names);
    let client = Client::new(App::new().urls(urls));
    let form = Form::new()
        .field("a", "b")
        .file("f", "x.bin", &[0; 200_000])
        .field("c", "d")
        .end();
    for path in ["/a/", "/b/"] {
        let (client, form) = (client.clone(), form.clone());
        for response in both(move || send(&client, path, form.clone())).await {
            assert_eq!(response.text(), "a=b x.bin:200000 c=d ", "{path}");
        }
    }
    assert_eq!(send(&client, "/names/", form).await.unwrap().text(), "afc");
    assert_eq!(client.post("/a/").form([("a", "b")]).await.unwrap().status(), 415);
    assert_eq!(
        send(&client, "/b/", Form::new().field("a", "b").cut())
            .await
            .unwrap()
            .status(),
        400
    );
}
