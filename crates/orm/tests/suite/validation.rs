// Included twice by `behaviour.rs`: `go!` waits for an Op in the style at hand.

use std::sync::{Arc, Mutex};

use nuages_orm::signals::{self, Deleted, Saved};
use nuages_orm::{Dialect, Error, Result};

use crate::models::*;

fn codes(error: &Error) -> Vec<(Option<&'static str>, &'static str)> {
    assert!(error.is_validation(), "{error:?}");
    error.field_errors().iter().map(|error| (error.field, error.code)).collect()
}

tests! {
    fn a_row_is_checked_before_it_is_written(db: Database) {
        go!(create_tables(db, &[Item::meta()]))?;
        let wrong = go!(Item::create()
            .slug("no slug").name("").email("nobody").url("example").language("it").image("x".repeat(31)).full_clean())
            .unwrap_err();
        assert_eq!(
            codes(&wrong),
            [
                (Some("slug"), "slug"), (Some("name"), "blank"), (Some("email"), "email"), (Some("url"), "url"), (Some("image"), "max_length"),
                (Some("language"), "choice"),
            ]
        );
        assert!(wrong.to_string().contains("name: This field cannot be blank."), "{wrong}");
        let right = || Item::create().slug("a").name("n").email("").url("https://example.org").language("rom");
        go!(right().full_clean())?;
        assert_eq!(go!(Item::objects().count())?, 0);
        go!(right())?;
        let taken = go!(right().full_clean()).unwrap_err();
        assert_eq!(codes(&taken), [(Some("slug"), "unique")]);
        assert_eq!(taken.field_errors()[0].message, "this slug is taken");
        // A record does not stand in its own way.
        let mut own = go!(Item::objects().get(|i| i.slug.eq("a")))?;
        go!(own.full_clean())?;
        own.slug = "b".to_owned();
        own.name = "n".repeat(21);
        assert_eq!(codes(&go!(own.full_clean()).unwrap_err()), [(Some("name"), "max_length")]);
        Ok(())
    }

    fn numbers_are_checked_by_range_digits_and_validators(db: Database) {
        go!(create_tables(db, &[Checked::meta()]))?;
        let wrong = go!(Checked::create().even(3).price(Decimal::new(12345, 3)).byte(3).title("t").day(day(2020)).full_clean()).unwrap_err();
        assert_eq!(codes(&wrong), [(Some("even"), "min_value"), (Some("even"), "even"), (Some("price"), "digits")]);
        let fits = go!(Checked::create().even(10).price(Decimal::new(99999, 2)).byte(3).title("t").day(day(2020)).full_clean());
        fits?;
        let large = go!(Checked::create().even(10).price(Decimal::new(100_000, 2)).byte(3).title("t").day(day(2020)).full_clean());
        assert_eq!(codes(&large.unwrap_err()), [(Some("price"), "digits")]);
        Ok(())
    }

    fn a_value_is_unique_within_a_day_a_month_or_a_year(db: Database) {
        go!(create_tables(db, &[Checked::meta()]))?;
        let row = |title: &str, slot: i32, day: Date| Checked::create().even(10).price(Decimal::ONE).byte(1).title(title).slot(slot).day(day);
        let first = jiff::civil::date(2020, 2, 29);
        go!(row("t", 1, first))?;
        let clean = |title: &'static str, slot: i32, year: i16, month: i8, day: i8| row(title, slot, jiff::civil::date(year, month, day)).full_clean();
        assert_eq!(codes(&go!(clean("t", 2, 2020, 2, 29)).unwrap_err()), [(Some("title"), "unique_within")]);
        assert_eq!(codes(&go!(clean("u", 1, 2020, 12, 1)).unwrap_err()), [(Some("slot"), "unique_within")]);
        go!(clean("t", 2, 2020, 2, 28))?;
        go!(clean("t", 1, 2021, 2, 28))?;
        Ok(())
    }

    fn constraints_are_checked_in_the_program_too(db: Database) {
        go!(create_tables(db, &[Shelf::meta()]))?;
        let shelf = |title: &str, stock: i32| Shelf::create().title(title).place(1).stock(stock);
        go!(shelf("Nuages", 3))?;
        let wrong = go!(shelf("Nuages", -1).full_clean()).unwrap_err();
        assert_eq!(codes(&wrong), [(None, "unique"), (None, "check")]);
        assert_eq!(wrong.field_errors()[0].message, "Shelf with this title and place already exists.");
        assert_eq!(wrong.field_errors()[1].message, "a shelf holds what is there");
        go!(shelf("Swing", 0).full_clean())?;
        if db.dialect() == Dialect::MariaDb {
            return Ok(());
        }
        go!(create_tables(db, &[Draft::meta()]))?;
        let draft = |title: &str, author: &str, open: bool| Draft::create().title(title).author(author).open(open);
        go!(draft("a", "1", true))?;
        assert_eq!(codes(&go!(draft("a", "2", true).full_clean()).unwrap_err()), [(Some("title"), "unique")]);
        go!(draft("a", "2", false).full_clean())?;
        let together = go!(draft("", "a1", false).full_clean()).unwrap_err();
        assert_eq!(codes(&together), [(Some("title"), "blank"), (None, "unique")]);
        Ok(())
    }

    fn receivers_are_told_of_what_is_saved_and_deleted(db: Database) {
        go!(create_tables(db, &[Note::meta()]))?;
        let told = Arc::new(Mutex::new(Vec::new()));
        let note = |told: &Arc<Mutex<Vec<String>>>, line: String| told.lock().unwrap().push(line);
        let line = |saved: &Saved<Note>| {
            let fields = saved.update_fields().map(|fields| fields.join("+"));
            format!("{:?} {} {:?} {}", saved.get(|n| n.text), saved.created(), fields, saved.get(|n| n.id).is_some())
        };
        let (before, after, gone) = (told.clone(), told.clone(), told.clone());
        let connected = [
            signals::pre_save(move |saved: Saved<Note>| note(&before, format!("pre {}", line(&saved)))),
            signals::post_save(move |saved: Saved<Note>| {
                let after = after.clone();
                async move { note(&after, format!("post {}", line(&saved))) }
            }),
            signals::post_delete(move |deleted: Deleted<Note>| note(&gone, format!("gone {:?}", deleted.get(|n| n.text)))),
        ];
        let mut made = go!(Note::create().text("a"))?;
        made.text = "b".to_owned();
        go!(made.save().only(|n| (n.text,)))?;
        go!(made.save())?;
        // Statements about many rows say nothing.
        go!(Note::objects().update(|n| n.text.set("c")))?;
        go!(Note::objects().bulk_create([Note::create().text("d")]))?;
        go!(made.delete())?;
        for receiver in connected {
            receiver.disconnect();
        }
        go!(Note::create().text("unheard"))?;
        let told = told.lock().unwrap().clone();
        assert_eq!(
            told,
            [
                "pre Some(\"a\") true None false",
                "post Some(\"a\") true None true",
                "pre Some(\"b\") false Some(\"text\") true",
                "post Some(\"b\") false Some(\"text\") true",
                "pre Some(\"b\") false None true",
                "post Some(\"b\") false None true",
                "gone Some(\"b\")",
            ]
        );
        Ok(())
    }

    fn an_error_of_a_receiver_ends_the_operation(db: Database) {
        go!(create_tables(db, &[Note::meta()]))?;
        let refuse = signals::pre_save(|saved: Saved<Note>| match saved.get(|n| n.text).as_deref() {
            Some("forbidden") => Err(Error::other(std::io::Error::other("not this word"))),
            _ => Ok(()),
        });
        let fail = signals::post_save(async |saved: Saved<Note>| match saved.get(|n| n.text).as_deref() {
            Some("late") => Err(Error::other(std::io::Error::other("too late"))),
            _ => Ok(()),
        });
        assert_eq!(go!(Note::create().text("forbidden")).unwrap_err().to_string(), "not this word");
        assert_eq!(go!(Note::objects().count())?, 0);
        // Inside a transaction, what was written goes too.
        let undone: Result<()> = go!(nuages_orm::atomic(block! {
            go!(Note::create().text("late"))?;
            Ok(())
        }));
        assert_eq!(undone.unwrap_err().to_string(), "too late");
        assert_eq!(go!(Note::objects().count())?, 0);
        go!(Note::create().text("fine"))?;
        refuse.disconnect();
        fail.disconnect();
        Ok(())
    }
}
