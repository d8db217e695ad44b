// Included twice by `behaviour.rs`: `go!` waits for an Op in the style at hand.

use nuages_orm::dynamic::{Argument, DynamicQuery, DynamicRow, Models, avg, count, count_distinct, max, min, q, sum};
use nuages_orm::{Result, Value};

fn models() -> Models {
    Models::new([Country::meta(), Author::meta(), Book::meta(), Sheet::meta()])
}

fn books() -> DynamicQuery {
    models().get("book").unwrap()
}

/// What the rows have under a name, as text.
fn texts(rows: &[DynamicRow], name: &str) -> Vec<String> {
    let text = |row: &DynamicRow| match row.to_json()[name].clone() {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    rows.iter().map(text).collect()
}

tests! {
    fn rows_are_found_by_names(db: Database) {
        let (django, ..) = shop!(db);
        let titles = |query: DynamicQuery| query.values(["title"]).unwrap().all();
        let found = |rows: Result<Vec<DynamicRow>>| texts(&rows.unwrap(), "title");
        assert_eq!(found(go!(titles(books().filter(("author__country__name__icontains", "BELG"))?))), ["Belleville", "Nuages", "Minor Swing"]);
        assert_eq!(found(go!(titles(books().exclude(("editor__name__startswith", "B"))?.order_by(["author__name", "-stock"])?))), ["L'Écume des jours", "Belleville", "Minor Swing", "Mon violon pour tout bagage"]);
        assert_eq!(found(go!(titles(books().filter((q("stock__gte", "3") | q("subtitle__isnull", false)) & !q("title", "Nuages"))?))), ["Mon violon pour tout bagage", "Minor Swing"]);
        // Text is read as the field wants it.
        for (lookup, argument, expected) in [
            ("stock", "3", 1), ("stock__in", "1, 2,3", 3), ("stock__range", "1,3", 3), ("price__lt", "9.91", 5), ("published__gt", "1941-01-01", 3),
            ("published__year", "1940", 1), ("published__month__lt", "7", 5), ("title__length", "6", 1), ("title__lower__endswith", "swing", 1),
            ("author", "1", 3), ("author_id__in", "1,2", 4), ("author__pk", "3", 1), ("pk__gt", "3", 2), ("editor__isnull", "true", 3),
            ("author__books__title", "Nuages", 3), ("stock__lt", "99999999999", 5), ("title__iexact", "NUAGES", 1), ("stock__in", "", 0),
        ] {
            if argument.is_empty() {
                assert_eq!(go!(books().filter((lookup, Argument::many(Vec::<i32>::new())))?.count())?, expected);
                continue;
            }
            assert_eq!(go!(books().filter((lookup, argument))?.count())?, expected, "{lookup} {argument}");
        }
        // And typed values are taken as they are.
        assert_eq!(go!(books().filter(("author", django.id))?.count())?, 3);
        assert_eq!(go!(books().filter(("stock__in", Argument::many([1, 2])))?.count())?, 2);
        assert_eq!(go!(books().filter(("subtitle", None::<String>))?.count())?, 4);
        assert!(go!(books().filter(("price", Decimal::new(99, 1)))?.exists())?);
        // A typed query goes on by names, and keeps its conditions.
        assert_eq!(go!(Book::objects().filter(|b| b.stock.gt(2)).dynamic().filter(("author__name__contains", "Django"))?.count())?, 1);
        assert_eq!(go!(books().get("2"))?.get("title"), Some(&Value::from("Minor Swing")));
        assert!(go!(books().get("99")).unwrap_err().is_not_found());
        assert_eq!(go!(books().order_by(["?"])?.all())?.len(), 5);
        assert_eq!(go!(books().slice(1..3).all())?.len(), 2);
        Ok(())
    }

    fn conditions_by_names_follow_the_rules_of_django(db: Database) {
        shop!(db);
        let authors = || DynamicQuery::new(Author::meta());
        let both = [("books__title", "Minor Swing"), ("books__stock__gt", "2")];
        // At once: one book. One after the other: some book, and some book.
        assert_eq!(go!(authors().filter(both)?.count())?, 0);
        assert_eq!(go!(authors().filter(both[0])?.filter(both[1])?.count())?, 1);
        assert_eq!(go!(authors().exclude(both)?.count())?, 2);
        assert_eq!((go!(authors().filter(("edited__isnull", true))?.count())?, go!(authors().filter(("edited__isnull", false))?.count())?), (1, 2));
        assert_eq!(go!(DynamicQuery::new(Country::meta()).filter(("authors__edited__isnull", true))?.count())?, 1);
        assert_eq!(go!(authors().filter(("books", 1_i64))?.count())?, 1);
        Ok(())
    }

    fn aggregates_by_names(db: Database) {
        shop!(db);
        let authors = DynamicQuery::new(Author::meta())
            .annotate("n", count("books"))?
            .annotate("stock", sum("books__stock"))?
            .annotate("rich", count("books").filter(("stock__gt", 1)))?
            .annotate("mean", avg("books__stock"))?
            .annotate("last", max("books__published"))?
            .annotate("editors", count_distinct("books__editor__name"))?
            .annotate("edited_for", min("edited__author__name"))?;
        let rows = go!(authors.clone().filter(("n__gt", "0"))?.order_by(["-stock", "name"])?.all())?;
        assert_eq!(texts(&rows, "name"), ["Stéphane Grappelli", "Django Reinhardt", "Boris Vian"]);
        assert_eq!(texts(&rows, "n"), ["1", "3", "1"]);
        assert_eq!(texts(&rows, "stock"), ["5", "4", "2"]);
        assert_eq!(texts(&rows, "rich"), ["1", "1", "1"]);
        assert_eq!(texts(&rows, "last"), ["1992-06-01", "1942-06-01", "1947-06-01"]);
        assert_eq!(texts(&rows, "editors"), ["0", "1", "1"]);
        assert_eq!(texts(&rows, "edited_for"), ["Boris Vian", "null", "Django Reinhardt"]);
        assert_eq!(go!(authors.clone().filter(("mean__lt", 1.5))?.count())?, 1);
        assert_eq!(go!(authors.values(["name", "n"])?.first())?.unwrap().values().len(), 2);
        let all = go!(books().filter(("stock__gt", 0))?.aggregate([("n", count("id")), ("total", sum("stock")), ("dear", max("price")), ("editors", count("editor"))]))?;
        assert_eq!(all.to_json().to_string(), r#"{"dear":"9.90","editors":2,"n":4,"total":11}"#);
        assert_eq!(go!(books().slice(..2).aggregate([("total", sum("stock"))]))?.get("total"), Some(&Value::BigInt(7)));
        let groups = go!(books().group_by(["author__country__name"], [("n", count("id")), ("stock", sum("stock").filter(("stock__gt", 2)))])?.order_by(["-n"])?.all())?;
        assert_eq!(texts(&groups, "author__country__name"), ["Belgium", "France"]);
        assert_eq!((texts(&groups, "n"), texts(&groups, "stock")), (vec!["3".to_owned(), "2".to_owned()], vec!["3".to_owned(), "5".to_owned()]));
        assert_eq!(go!(books().group_by(["author__country__name"], [])?.count())?, 2);
        Ok(())
    }

    fn queries_by_names_are_put_together_and_write(db: Database) {
        shop!(db);
        let old = || books().filter(("published__lt", "1941-01-01"));
        let plenty = || books().filter(("stock__gt", 2));
        assert_eq!(go!(old()?.union(plenty()?).count())?, 3);
        assert_eq!(go!(old()?.union_all(plenty()?).distinct().count())?, 3);
        assert_eq!(texts(&go!(old()?.intersection(plenty()?).all())?, "title"), ["Nuages"]);
        assert_eq!(texts(&go!(old()?.difference(plenty()?).order_by(["title"])?.all())?, "title"), ["Minor Swing"]);
        assert_eq!(go!(books().values(["author__name"])?.distinct().count())?, 3);
        let error = go!(books().union(DynamicQuery::new(Author::meta())).all()).unwrap_err();
        assert!(error.to_string().contains("two models"), "{error}");
        assert_eq!(go!(plenty()?.update([("stock", "7"), ("editor", "1")]))?, 2);
        assert_eq!(go!(books().filter([("stock", 7_i64), ("editor", 1)])?.count())?, 2);
        assert!(go!(plenty()?.update([("stok", 1)])).unwrap_err().to_string().contains("there are: id, title"));
        Ok(())
    }

    fn wrong_names_are_answered_by_the_right_ones(db: Database) {
        go!(tables(db))?;
        let error = |result: Result<DynamicQuery>| result.unwrap_err().to_string();
        assert_eq!(models().get("Bock").unwrap_err().to_string(), "there is no model `Bock`; there are: Country, Author, Book, Sheet");
        assert_eq!(
            error(books().filter(("author__nmae", "x"))),
            "Author has no field `nmae` (in `author__nmae`); there are: id, name, country, country_id, books, edited"
        );
        assert_eq!(
            error(books().filter(("title__like", "x"))),
            "`like` (in `title__like`) is nothing that can be asked of this field; there are: exact, iexact, in, gt, gte, lt, lte, range, isnull, contains, \
             icontains, startswith, istartswith, endswith, iendswith, lower, upper, length, trim"
        );
        assert_eq!(error(books().filter(("stock", "many"))), "`stock` wants a whole number, and not `many`");
        assert_eq!(error(books().filter(("published", "soon"))), "`published` wants a date, such as 2026-11-20, and not `soon`");
        assert!(error(books().filter(("stock__contains", "3"))).contains("is asked of text"));
        assert!(error(books().filter(("stock__gt", None::<i32>))).contains("__isnull"));
        assert!(error(books().filter(("stock", Argument::many([1])))).contains("__in"));
        assert!(error(DynamicQuery::new(Author::meta()).order_by(["books__title"])).contains("leads to many rows"));
        assert!(error(books().annotate("n", count("author"))).contains("goes into `aggregate`"));
        assert!(error(books().annotate("title", count("author__books"))).contains("can't be the name"));
        assert!(error(DynamicQuery::new(Author::meta()).annotate("n", sum("books__title"))).contains("is no number"));
        assert!(go!(books().aggregate([("n", sum("titel"))])).unwrap_err().to_string().contains("there are: id, title"));
        Ok(())
    }
}
