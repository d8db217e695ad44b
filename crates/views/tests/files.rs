//! Files in forms.
#![cfg(feature = "forms")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use nuages_handler::{App, Client, FormData, Result, Urls};
use nuages_views::forms::UploadedFile;
use nuages_views::{BoundForm, Form};

#[derive(Debug, Form)]
#[form(deny_unknown)]
struct Cover {
    title: String,
    #[form(accept = "image/*, .PDF", max_size = 1_500)]
    picture: UploadedFile,
    proof: Option<UploadedFile>,
    #[form(label = "Other pages")]
    pages: Vec<UploadedFile>,
}

async fn view(form: BoundForm<Cover>) -> Result<String> {
    Ok(match form.validate() {
        Ok(cover) => {
            let content = cover.picture.read().await?;
            let pages: Vec<&str> = cover.pages.iter().map(UploadedFile::name).collect();
            format!(
                "{} {} {:?} {:?}",
                cover.title,
                content.len(),
                cover.proof.map(|proof| proof.size()),
                pages
            )
        }
        Err(form) => {
            let fields = form.fields();
            let errors = fields.iter().flat_map(|field| field.errors.iter());
            form.errors()
                .iter()
                .chain(errors)
                .cloned()
                .collect::<Vec<_>>()
                .join("|")
        }
    })
}

/// What a browser sends of files, each with its field, name, type and content.
fn post(files: &[(&str, &str, &str, &str)]) -> String {
    let mut body = "--B\r\ncontent-disposition: form-data; name=\"title\"\r\n\r\nNuages\r\n".to_owned();
    for (field, name, kind, content) in files {
        body += &format!(
            "--B\r\ncontent-disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\ncontent-type: {kind}\r\n\r\n{content}\r\n"
        );
    }
    body += "--B--\r\n";
    let client = Client::new(App::new().urls(Urls::new().path("", view)));
    let request = client
        .post("/")
        .header("content-type", "multipart/form-data; boundary=B")
        .body(body);
    request.wait().unwrap().text().to_owned()
}

#[test]
fn files_are_taken_with_the_fields() {
    let picture = ("picture", "a.png", "image/png", "12345");
    assert_eq!(post(&[picture]), "Nuages 5 None []");
    let all = [
        ("picture", "a.pdf", "application/pdf", "1"),
        ("proof", "p.txt", "text/plain", "123"),
        ("pages", "1.txt", "text/plain", "a"),
        ("pages", "2.txt", "text/plain", "b"),
    ];
    assert_eq!(post(&all), "Nuages 1 Some(3) [\"1.txt\", \"2.txt\"]");
    let unchosen = [picture, ("proof", "", "application/octet-stream", "")];
    assert_eq!(post(&unchosen), "Nuages 5 None []", "a field that was left empty");
}

#[test]
fn what_is_wrong_with_a_file_is_said_at_its_field() {
    assert_eq!(post(&[]), "This field is required.");
    assert_eq!(
        post(&[("picture", "a.png", "image/png", "")]),
        "The submitted file a.png is empty."
    );
    assert_eq!(
        post(&[("picture", "a.exe", "application/x-msdownload", "1")]),
        "A file such as a.exe is not accepted here."
    );
    let large = "x".repeat(1_600);
    assert_eq!(
        post(&[("picture", "a.png", "image/png", &large)]),
        "Ensure the file a.png has at most 1.5 kB (it has 1.6 kB)."
    );
    assert_eq!(
        post(&[
            ("picture", "a.png", "image/png", "1"),
            ("other", "a.png", "image/png", "1")
        ]),
        "This form has no field “other”."
    );
}

#[test]
fn a_page_with_a_file_field_says_how_it_is_sent() {
    let form = Cover::unbound();
    assert_eq!(form.enctype(), "multipart/form-data");
    let html = form.to_string();
    for part in [
        "<input type=\"file\" id=\"id_picture\" name=\"picture\" accept=\"image/*, .PDF\" required>",
        "<input type=\"file\" id=\"id_pages\" name=\"pages\" multiple>",
    ] {
        assert!(html.contains(part), "{html}");
    }
    let sent: FormData = [("picture", "C:\\fakepath\\a.png")].into_iter().collect();
    assert!(
        !Cover::bind(&sent).to_string().contains("fakepath"),
        "a name without a file is nothing"
    );
}
