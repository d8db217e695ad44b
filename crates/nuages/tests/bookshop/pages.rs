//! What curl and a browser get.

use nuages::handler::Client;

use crate::databases::on_each_database;

async fn page(visitor: &Client, path: &str) -> (u16, String) {
    let response = visitor.get(path).await.unwrap();
    (response.status().as_u16(), response.text().to_owned())
}

#[nuages::test]
async fn every_page_answers() {
    on_each_database("pages", async |shop| {
        let visitor = shop.visitor();
        for (path, content) in [
            ("/", "Books from 31 countries"),
            ("/authors/", "Chimamanda Ngozi Adichie"),
            ("/books/", "99 books, page 1 of 5."),
            ("/books/?q=camus", "The Plague"),
            ("/books/?q=PÁRAMO", "Pedro Páramo"),
            ("/books/?country=BE&order=year", "The Life of the Bee"),
            ("/books/?q=no+such+book", "No book fits."),
            ("/books/1/", "France"),
            ("/cart/", "Nothing in it yet"),
            ("/orders/", "not ordered anything"),
            ("/static/css/site.css", "font"),
            ("/api/books/", "\"count\":99"),
            ("/api/books/1/", "\"country\":{"),
        ] {
            let (status, text) = page(&visitor, path).await;
            assert_eq!(status, 200, "{path}");
            assert!(text.contains(content), "{path}: {content} is not in\n{text}");
        }
    })
    .await;
}

#[nuages::test]
async fn what_is_not_there_is_404_and_a_wrong_method_405() {
    on_each_database("missing", async |shop| {
        let visitor = shop.visitor();
        for path in [
            "/nowhere/",
            "/books/abc/",
            "/books/999999/",
            "/books/99999999999999999999/",
            "/api/books/999999/",
        ] {
            assert_eq!(page(&visitor, path).await.0, 404, "{path}");
        }
        let refused = visitor.delete("/books/").await.unwrap();
        assert_eq!(refused.status().as_u16(), 405);
        assert!(
            refused.header("allow").unwrap().contains("GET"),
            "{:?}",
            refused.header("allow")
        );
        assert_eq!(visitor.get("/cart/add/").await.unwrap().status().as_u16(), 405);
        assert_eq!(
            visitor
                .post("/cart/add/")
                .form([("book", "x")])
                .await
                .unwrap()
                .status()
                .as_u16(),
            400
        );
        assert_eq!(
            visitor
                .post("/cart/add/")
                .form([("book", "999999")])
                .await
                .unwrap()
                .status()
                .as_u16(),
            404
        );
    })
    .await;
}

#[nuages::test]
async fn a_page_number_that_makes_no_sense_is_the_nearest_that_does() {
    on_each_database("numbers", async |shop| {
        let visitor = shop.visitor();
        for (number, shown) in [
            ("-1", "page 1 of 5"),
            ("x", "page 1 of 5"),
            ("0", "page 1 of 5"),
            ("10000", "page 5 of 5"),
            ("2", "page 2 of 5"),
        ] {
            let (status, text) = page(&visitor, &format!("/books/?page={number}")).await;
            assert_eq!(status, 200);
            assert!(text.contains(shown), "page={number}: {shown} is not in\n{text}");
        }
        let (_, text) = page(&visitor, "/books/?q=the&country=GB&order=price&page=1").await;
        assert!(
            text.contains("value=\"the\"") && text.contains("value=\"GB\" selected"),
            "the search is kept:\n{text}"
        );
    })
    .await;
}

#[nuages::test]
async fn markup_in_a_search_term_is_shown_as_text() {
    on_each_database("markup", async |shop| {
        let visitor = shop.visitor();
        let (status, text) = page(
            &visitor,
            "/books/?q=%3Cscript%3Ealert(1)%3C/script%3E%22%20autofocus",
        )
        .await;
        assert_eq!(status, 200);
        assert!(
            !text.contains("<script>") && !text.contains("\" autofocus"),
            "{text}"
        );
        // What means something to LIKE means nothing here.
        assert!(page(&visitor, "/books/?q=%25").await.1.contains("No book fits."));
        assert!(page(&visitor, "/books/?q=_").await.1.contains("No book fits."));
        assert!(page(&visitor, "/books/?q=%27").await.1.contains("The Handmaid"));
    })
    .await;
}

#[nuages::test]
async fn a_bad_form_comes_back_with_what_was_typed_and_a_message_at_each_field() {
    on_each_database("form", async |shop| {
        let visitor = shop.visitor();
        visitor.post("/cart/add/").form([("book", "1")]).await.unwrap();
        let response = visitor
            .post("/checkout/")
            .form([("name", ""), ("email", "django<at>example")])
            .await
            .unwrap();
        let text = response.text();
        assert_eq!(response.status().as_u16(), 422, "{text}");
        assert_eq!(text.matches("<ul class=\"errors\"").count(), 2, "{text}");
        assert_eq!(text.matches("<a href=\"#id_").count(), 2, "{text}");
        assert!(text.contains("This field is required."), "{text}");
        assert!(
            text.contains("django&lt;at&gt;example") || text.contains("django&#60;at&#62;example"),
            "{text}"
        );
        assert!(text.contains("aria-describedby"), "{text}");
    })
    .await;
}
