//! A record collection on the command line, by somebody who has adopted the ORM and nothing else: no server, no views, a plain `main`.
//!
//! ```sh
//! orm_alone records.sqlite3 add "Django Reinhardt" "Nuages" 1940
//! orm_alone records.sqlite3 list
//! orm_alone records.sqlite3 move "Django Reinhardt" "Stéphane Grappelli"
//! ```

use std::process::ExitCode;

use nuages_bridge::async_to_sync;
use nuages_orm::prelude::*;
use nuages_orm::{Error, Result, atomic, create_tables};

#[model(ordering = [name])]
struct Artist {
    id: i64,
    #[field(max_length = 120, unique)]
    name: String,
    #[relation(reverse = Record::artist)]
    records: Many<Record>,
}

#[model(ordering = [year, title])]
struct Record {
    id: i64,
    #[field(max_length = 200)]
    title: String,
    year: i32,
    #[relation(on_delete = Protect)]
    artist: ForeignKey<Artist>,
}

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(lines) => {
            for line in lines {
                println!("{line}");
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Sync code throughout, but for the list, which is async to show that it can be.
fn run(words: &[&str]) -> Result<Vec<String>> {
    let [path, command @ ..] = words else {
        return Err(usage());
    };
    let database = Database::connect(format!("sqlite:{path}")).wait()?;
    database.sync_scope(|| {
        create_tables(&database, &[Artist::meta(), Record::meta()]).wait()?;
        match command {
            ["add", artist, title, year] => {
                let year = year
                    .parse()
                    .map_err(|_| Error::other(format!("`{year}` is no year")))?;
                add(artist, title, year).map(|()| Vec::new())
            }
            ["list"] => async_to_sync(list())?,
            ["move", from, to] => move_all(from, to).map(|moved| vec![format!("{moved} moved")]),
            _ => Err(usage()),
        }
    })
}

fn usage() -> Error {
    Error::other("usage: orm_alone FILE add ARTIST TITLE YEAR | list | move FROM TO")
}

fn artist(name: &str) -> Result<Artist> {
    match Artist::objects().filter(|a| a.name.eq(name)).first().wait()? {
        Some(artist) => Ok(artist),
        None => Artist::create().name(name).wait(),
    }
}

fn add(name: &str, title: &str, year: i32) -> Result<()> {
    atomic(|| {
        Record::create()
            .title(title)
            .year(year)
            .artist(&artist(name)?)
            .wait()?;
        Ok(())
    })
    .wait()
}

async fn list() -> Result<Vec<String>> {
    let records = Record::objects().select_related(|r| r.artist).all().await?;
    let mut lines: Vec<_> = records
        .iter()
        .map(|record| format!("{} {}: {}", record.year, record.artist.name, record.title))
        .collect();
    for (artist, records) in Artist::objects().annotate(|a| a.records.count()).all().await? {
        lines.push(format!("{}: {records}", artist.name));
    }
    Ok(lines)
}

/// All or nothing: who moves the records of nobody has made no new artist either.
fn move_all(from: &str, to: &str) -> Result<u64> {
    atomic(|| {
        let to = artist(to)?;
        let moved = Record::objects()
            .filter(|r| r.artist.name.eq(from))
            .update(|r| r.artist.set(&to))
            .wait()?;
        if moved == 0 {
            return Err(Error::other(format!("there is nothing of {from}")));
        }
        Ok(moved)
    })
    .wait()
}

#[cfg(test)]
mod tests {
    use super::run;

    #[test]
    fn records_are_kept_listed_and_moved_or_nothing_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("records.sqlite3");
        let file = file.to_str().unwrap();
        run(&[file, "add", "Django Reinhardt", "Nuages", "1940"]).unwrap();
        run(&[file, "add", "Django Reinhardt", "Minor Swing", "1937"]).unwrap();
        let list = run(&[file, "list"]).unwrap();
        assert_eq!(
            list,
            [
                "1937 Django Reinhardt: Minor Swing",
                "1940 Django Reinhardt: Nuages",
                "Django Reinhardt: 2"
            ]
        );

        let error = run(&[file, "move", "Nobody", "Stéphane Grappelli"]).unwrap_err();
        assert!(error.to_string().contains("nothing of Nobody"), "{error}");
        assert_eq!(
            run(&[file, "list"]).unwrap(),
            list,
            "the new artist was rolled back"
        );

        assert_eq!(
            run(&[file, "move", "Django Reinhardt", "Stéphane Grappelli"]).unwrap(),
            ["2 moved"]
        );
        let list = run(&[file, "list"]).unwrap();
        assert_eq!(list[2..], ["Django Reinhardt: 0", "Stéphane Grappelli: 2"]);
    }

    #[test]
    fn mistakes_are_told() {
        assert!(run(&[]).unwrap_err().to_string().contains("usage"));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("records.sqlite3");
        let error = run(&[file.to_str().unwrap(), "add", "a", "b", "soon"]).unwrap_err();
        assert!(error.to_string().contains("`soon` is no year"), "{error}");
    }
}
