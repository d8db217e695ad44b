//! Random changes: the old schema with its migration is the new schema, the way back leads to the old one, and data stays.

use nuages_migrations::schema::Schema;
use nuages_migrations::{
    Answers, Constraint, Field, Index, Kind, Migration, Model, OnDelete, State, introspect,
    operations_between,
};
use nuages_orm::{Database, Dialect};

use crate::common::{Backend, with_database};
use crate::{execute, fetch, project};

/// Numbers that a seed fixes: <https://en.wikipedia.org/wiki/Xorshift>.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        let mut random = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        random.below(2);
        random
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }

    fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// What a field is made of: so that it can be changed, and written into a row.
#[derive(Clone, Debug)]
struct FieldSpec {
    name: String,
    /// Where it was before, if it was.
    origin: Option<String>,
    what: What,
    null: bool,
    unique: bool,
    index: bool,
    check: bool,
    length: u32,
}

#[derive(Clone, Debug, PartialEq)]
enum What {
    Plain(Kind),
    Points(String, OnDelete),
}

#[derive(Clone, Debug)]
struct ModelSpec {
    name: String,
    origin: Option<String>,
    fields: Vec<FieldSpec>,
    together: Option<(String, String)>,
    index: Option<(String, String)>,
    constraint: Option<String>,
    comment: Option<String>,
    /// Nothing but its name may change.
    frozen: bool,
}

const KINDS: [Kind; 11] = [
    Kind::Bool,
    Kind::SmallInt,
    Kind::Int,
    Kind::BigInt,
    Kind::Decimal,
    Kind::Text,
    Kind::Date,
    Kind::Timestamp,
    Kind::Uuid,
    Kind::Json,
    Kind::Bytes,
];

fn field(random: &mut Random, name: &str, models: &[String], earlier: usize) -> FieldSpec {
    let points = random.one_in(4) && !models.is_empty();
    let (what, null) = if points {
        let at = random.below(models.len());
        let on_delete = *random.pick(&[OnDelete::Cascade, OnDelete::Protect, OnDelete::SetNull]);
        // What comes later has no rows yet when this one's are written.
        let null = at >= earlier || on_delete == OnDelete::SetNull || random.one_in(3);
        (What::Points(models[at].clone(), on_delete), null)
    } else {
        (What::Plain(*random.pick(&KINDS)), random.one_in(3))
    };
    let is_keyable = !matches!(what, What::Plain(Kind::Bool | Kind::Json | Kind::Bytes));
    let unique = is_keyable && random.one_in(5);
    FieldSpec {
        name: name.to_owned(),
        origin: None,
        null,
        unique,
        index: is_keyable && !unique && (points || random.one_in(4)),
        check: matches!(what, What::Plain(Kind::SmallInt | Kind::Int | Kind::BigInt)) && random.one_in(3),
        length: 20 + random.below(3) as u32 * 20,
        what,
    }
}

fn models(random: &mut Random) -> Vec<ModelSpec> {
    let names: Vec<String> = ["Author", "Book", "OrderLine", "Tag"][..1 + random.below(4)]
        .iter()
        .map(|name| (*name).to_owned())
        .collect();
    let mut specs = Vec::new();
    for (at, name) in names.iter().enumerate() {
        specs.push(model(random, name, &names, at));
    }
    specs
}

fn model(random: &mut Random, name: &str, names: &[String], at: usize) -> ModelSpec {
    let fields: Vec<FieldSpec> = ["alpha", "beta", "gamma", "delta"][..random.below(5)]
        .iter()
        .map(|name| field(random, name, names, at))
        .collect();
    let mut spec = ModelSpec {
        name: name.to_owned(),
        origin: None,
        fields,
        together: None,
        index: None,
        constraint: None,
        comment: random.one_in(4).then(|| format!("the table of {name}, isn't it")),
        frozen: false,
    };
    rules(random, &mut spec);
    spec
}

fn keyable(field: &FieldSpec) -> bool {
    !matches!(field.what, What::Plain(Kind::Bool | Kind::Json | Kind::Bytes))
}

/// Rules over several fields.
fn rules(random: &mut Random, spec: &mut ModelSpec) {
    let names: Vec<String> = spec
        .fields
        .iter()
        .filter(|field| keyable(field))
        .map(|field| field.name.clone())
        .collect();
    let two = |random: &mut Random| {
        let first = random.below(names.len());
        let second = (first + 1 + random.below(names.len() - 1)) % names.len();
        (names[first].clone(), names[second].clone())
    };
    spec.together = (names.len() > 1 && random.one_in(3)).then(|| two(random));
    spec.index = (names.len() > 1 && random.one_in(3)).then(|| two(random));
    let number = spec
        .fields
        .iter()
        .find(|field| matches!(field.what, What::Plain(Kind::Int | Kind::BigInt)));
    spec.constraint = number
        .filter(|_| random.one_in(2))
        .map(|field| field.name.clone());
}

fn state(specs: &[ModelSpec]) -> State {
    let mut state = State::new();
    for spec in specs {
        let mut model = Model::new(&spec.name).field("id", Field::key());
        for field in &spec.fields {
            model = model.field(&field.name, lowered(field));
        }
        if let Some((a, b)) = &spec.together {
            model = model.unique_together([a, b]);
        }
        let table = spec.name.to_lowercase();
        if let Some((a, b)) = &spec.index {
            model = model.index(Index::new(
                format!("{table}_{a}_{b}_own"),
                [a.clone(), format!("-{b}")],
            ));
        }
        if let Some(name) = &spec.constraint {
            model = model.constraint(Constraint::check(
                format!("{table}_small"),
                format!("{name} < 1000"),
            ));
        }
        if let Some(comment) = &spec.comment {
            model = model.comment(comment);
        }
        state.add("t", model).unwrap();
    }
    state
}

fn lowered(spec: &FieldSpec) -> Field {
    let mut field = match &spec.what {
        What::Plain(Kind::Text) => Field::new(Kind::Text).max_length(spec.length),
        What::Plain(Kind::Decimal) => Field::new(Kind::Decimal).digits(spec.length / 4, 2),
        What::Plain(kind) => Field::new(*kind),
        What::Points(model, on_delete) => Field::foreign_key(model, *on_delete).no_index(),
    };
    if spec.null {
        field = field.null();
    }
    if spec.unique {
        field = field.unique();
    } else if spec.index {
        field = field.index();
    }
    if spec.check {
        field = field.check(format!("{} >= 0", spec.name));
    }
    field
}

/// Changes the models, and says which renames a person would have to confirm.
fn change(random: &mut Random, specs: &mut Vec<ModelSpec>) -> Vec<String> {
    for spec in specs.iter_mut() {
        spec.origin = Some(spec.name.clone());
        for field in &mut spec.fields {
            field.origin = Some(field.name.clone());
        }
    }
    let mut renames = Vec::new();
    for _ in 0..1 + random.below(4) {
        match random.below(10) {
            0 if specs.len() < 6 => {
                let names: Vec<String> = specs.iter().map(|spec| spec.name.clone()).collect();
                let name = format!("New{}", specs.len());
                if !names.contains(&name) {
                    let at = names.len();
                    let spec = model(random, &name, &names, at);
                    specs.push(spec);
                }
            }
            1 if specs.len() > 1 => {
                let gone = specs.remove(random.below(specs.len())).name;
                for spec in specs.iter_mut() {
                    let points =
                        |field: &FieldSpec| matches!(&field.what, What::Points(to, _) if *to == gone);
                    for name in spec
                        .fields
                        .iter()
                        .filter(|f| points(f))
                        .map(|f| f.name.clone())
                        .collect::<Vec<_>>()
                    {
                        remove_field(spec, &name);
                    }
                }
            }
            2 => {
                let at = random.below(specs.len());
                let spec = &mut specs[at];
                // Its rules have names that come from the model's.
                let is_plain = spec.index.is_none() && spec.constraint.is_none();
                let is_same = spec
                    .fields
                    .iter()
                    .all(|field| field.origin.as_ref() == Some(&field.name));
                if spec.origin.as_ref() != Some(&spec.name) || !is_plain || !is_same || spec.frozen {
                    continue;
                }
                let (old, new) = (spec.name.clone(), format!("{}Renamed", spec.name));
                spec.name.clone_from(&new);
                spec.frozen = true;
                renames.push(format!("t.{old}:{new}"));
                for field in specs.iter_mut().flat_map(|spec| &mut spec.fields) {
                    if let What::Points(to, _) = &mut field.what
                        && *to == old
                    {
                        to.clone_from(&new);
                    }
                }
            }
            3 | 4 => {
                let names: Vec<String> = specs.iter().map(|spec| spec.name.clone()).collect();
                let at = random.below(specs.len());
                let name = format!("new{}", specs[at].fields.len());
                if specs[at].frozen || specs[at].fields.iter().any(|field| field.name == name) {
                    continue;
                }
                let mut added = field(random, &name, &names, at);
                // One value for all rows, which are several.
                added.null |= added.unique || matches!(added.what, What::Points(..));
                specs[at].fields.push(added);
            }
            5 => {
                let spec = pick_open(random, specs);
                if let Some(spec) = spec
                    && !spec.fields.is_empty()
                {
                    let name = spec.fields[random.below(spec.fields.len())].name.clone();
                    remove_field(spec, &name);
                }
            }
            6 => {
                let Some(spec) = pick_open(random, specs) else {
                    continue;
                };
                let full = format!("t.{}", spec.name);
                let is_new = spec.origin.is_none();
                if spec.fields.is_empty() || is_new {
                    continue;
                }
                let at = random.below(spec.fields.len());
                let field = &mut spec.fields[at];
                if field.origin.as_ref() != Some(&field.name) {
                    continue;
                }
                let (old, new) = (field.name.clone(), format!("{}_renamed", field.name));
                field.name.clone_from(&new);
                // It is a rename only where nothing else changes.
                renames.push(format!("{full}.{old}:{new}"));
                let rename = |name: &mut String| {
                    if *name == old {
                        name.clone_from(&new);
                    }
                };
                spec.together
                    .iter_mut()
                    .for_each(|(a, b)| [a, b].into_iter().for_each(rename));
                spec.index
                    .iter_mut()
                    .for_each(|(a, b)| [a, b].into_iter().for_each(rename));
                spec.constraint.iter_mut().for_each(rename);
            }
            7 | 8 => {
                let Some(spec) = pick_open(random, specs) else {
                    continue;
                };
                let together = spec.together.clone();
                if spec.fields.is_empty() || spec.origin.is_none() {
                    continue;
                }
                let at = random.below(spec.fields.len());
                alter(random, &mut spec.fields[at], together.as_ref());
            }
            _ => {
                let Some(spec) = pick_open(random, specs) else {
                    continue;
                };
                if spec
                    .fields
                    .iter()
                    .all(|field| field.origin.is_some() || field.null)
                {
                    rules(random, spec);
                }
                spec.comment = random.one_in(2).then(|| "another".to_owned());
            }
        }
    }
    renames
}

fn pick_open<'a>(random: &mut Random, specs: &'a mut [ModelSpec]) -> Option<&'a mut ModelSpec> {
    let at = random.below(specs.len());
    Some(&mut specs[at]).filter(|spec| !spec.frozen)
}

fn remove_field(spec: &mut ModelSpec, name: &str) {
    spec.fields.retain(|field| field.name != name);
    let has = |(a, b): &(String, String)| a == name || b == name;
    spec.together = spec.together.take().filter(|pair| !has(pair));
    spec.index = spec.index.take().filter(|pair| !has(pair));
    spec.constraint = spec.constraint.take().filter(|field| field != name);
}

/// Another shape that the values of a field fit into.
fn alter(random: &mut Random, field: &mut FieldSpec, together: Option<&(String, String)>) {
    if field.origin.as_ref() != Some(&field.name) {
        return;
    }
    let is_plain = matches!(field.what, What::Plain(_));
    match random.below(5) {
        0 => field.length += 20,
        1 => {
            field.what = match &field.what {
                What::Plain(Kind::SmallInt) => What::Plain(Kind::Int),
                What::Plain(Kind::Int) => What::Plain(Kind::BigInt),
                What::Plain(Kind::BigInt) if !field.check => What::Plain(Kind::Decimal),
                other => other.clone(),
            }
        }
        2 => {
            let in_set = together.is_some_and(|(a, b)| *a == field.name || *b == field.name);
            if !field.null {
                field.null = true;
            } else if is_plain && !field.unique && !in_set {
                field.null = false;
            }
        }
        3 if keyable(field) => {
            field.unique = !field.unique;
            field.index &= !field.unique;
        }
        _ => field.index = keyable(field) && !field.unique && !field.index,
    }
}

/// A value that differs from row to row.
fn value(dialect: Dialect, field: &FieldSpec, row: usize) -> String {
    let number = row * 7;
    match &field.what {
        What::Points(..) if field.null && row == 1 => "NULL".to_owned(),
        What::Points(..) => row.to_string(),
        What::Plain(Kind::Bool) if dialect == Dialect::Postgres => row.is_multiple_of(2).to_string(),
        What::Plain(Kind::Bool) => (row % 2).to_string(),
        What::Plain(Kind::Decimal) => format!("{number}.25"),
        What::Plain(Kind::Text) => format!("'it''s {number}'"),
        What::Plain(Kind::Date) => format!("'2026-01-{:02}'", row + 1),
        What::Plain(Kind::Timestamp) => format!("'2026-01-{:02} 10:00:00'", row + 1),
        What::Plain(Kind::Uuid) => format!("'0000000000000000000000000000000{row}'"),
        What::Plain(Kind::Json) => format!("'{{\"a\": {number}}}'"),
        What::Plain(Kind::Bytes) if dialect == Dialect::Postgres => format!("'\\x0{row}'::bytea"),
        What::Plain(Kind::Bytes) => format!("x'0{row}'"),
        What::Plain(_) => number.to_string(),
    }
}

const ROWS: usize = 3;

fn fill(database: &Database, specs: &[ModelSpec]) {
    let dialect = database.dialect();
    let mut written: Vec<&str> = Vec::new();
    for spec in specs {
        written.push(&spec.name);
        for row in 1..=ROWS {
            let mut columns = vec!["id".to_owned()];
            let mut values = vec![row.to_string()];
            for field in &spec.fields {
                columns.push(column(field));
                values.push(match &field.what {
                    // Those that are not there yet, and this row itself.
                    What::Points(to, _) if !written.contains(&to.as_str()) => "NULL".to_owned(),
                    What::Points(to, _) if *to == spec.name && field.null => "NULL".to_owned(),
                    _ => value(dialect, field, row),
                });
            }
            let table = table(&spec.name);
            execute(
                database,
                &format!(
                    "INSERT INTO \"{table}\" ({}) VALUES ({})",
                    columns.join(", "),
                    values.join(", ")
                ),
            );
        }
    }
}

fn column(field: &FieldSpec) -> String {
    match field.what {
        What::Points(..) => format!("{}_id", field.name),
        What::Plain(_) => field.name.clone(),
    }
}

fn table(model: &str) -> String {
    let mut table = String::new();
    for c in model.chars() {
        if c.is_uppercase() && !table.is_empty() {
            table.push('_');
        }
        table.extend(c.to_lowercase());
    }
    table
}

/// The values of a column, as text.
fn values(database: &Database, model: &str, column: &str) -> Vec<(i64, Option<String>)> {
    let text = if database.dialect() == Dialect::MariaDb {
        "char"
    } else {
        "text"
    };
    fetch(
        database,
        &format!(
            "SELECT id, CAST({column} AS {text}) FROM \"{}\" ORDER BY id",
            table(model)
        ),
    )
}

fn answers(renames: &[String]) -> Answers {
    let mut answers = Answers::new();
    for rename in renames {
        answers = answers.rename(rename).unwrap();
    }
    answers.ask(|question| match question {
        nuages_migrations::Question::Fill(_, _, kind) => Some(
            match kind {
                Kind::Bool => "true",
                Kind::Text => "it's",
                Kind::Date => "2020-02-29",
                Kind::Timestamp => "2020-02-29T10:00:00Z",
                Kind::Uuid => "67e55044-10b1-426f-9247-bb680e5fe0c8",
                Kind::Json => "{\"b\": [1]}",
                Kind::Bytes => "00ff",
                Kind::Decimal => "1.50",
                _ => "5",
            }
            .to_owned(),
        ),
        _ => None,
    })
}

fn migration(name: &str, before: &State, after: &State, answers: &mut Answers) -> Migration {
    let operations = operations_between(before, after, answers).unwrap();
    operations
        .into_iter()
        .fold(Migration::new(name), |migration, (_, operation)| {
            migration.operation(operation)
        })
}

fn same(found: &Schema, wanted: &Schema, what: &str) {
    for (name, table) in &found.tables {
        assert_eq!(Some(table), wanted.tables.get(name), "{what}");
    }
    assert_eq!(found.tables.len(), wanted.tables.len(), "{what}");
}

fn round(database: &Database, seed: u64) {
    let mut random = Random::new(seed);
    let old = models(&mut random);
    let mut new = old.clone();
    let renames = change(&mut random, &mut new);
    let (before, after) = (state(&old), state(&new));
    let first = migration("0001_initial", &State::new(), &before, &mut Answers::new());
    let mut asked = answers(&renames);
    let second = migration("0002_change", &before, &after, &mut asked).after("0001_initial");
    let whole = project([first, second]);
    // A second look finds nothing to do.
    let history = whole.history().unwrap();
    let rest = operations_between(&history, &after, &mut Answers::new()).unwrap();
    assert!(rest.is_empty(), "seed {seed}: {rest:#?}");

    let look = || introspect(database).wait().unwrap().sorted();
    let to = |target: &str| {
        whole
            .migrate(database)
            .to("t", target)
            .run()
            .wait()
            .unwrap_or_else(|error| {
                panic!(
                    "seed {seed}, to {target}: {error}: {:?}",
                    std::error::Error::source(&error)
                )
            })
    };
    let fresh = project([migration(
        "0001_fresh",
        &State::new(),
        &after,
        &mut Answers::new(),
    )]);
    fresh.migrate(database).run().wait().unwrap();
    let wanted = look();
    fresh.migrate(database).to("t", "zero").run().wait().unwrap();
    assert!(look().tables.is_empty(), "seed {seed}");

    // Without rows, there and back again.
    to("0001");
    let at_first = look();
    to("0002");
    same(&look(), &wanted, &format!("seed {seed}, {renames:?}"));
    to("0001");
    same(&look(), &at_first, &format!("seed {seed}, back"));

    // With rows.
    fill(database, &old);
    let mut kept = Vec::new();
    for model in &new {
        let Some(origin) = &model.origin else { continue };
        for field in &model.fields {
            let Some(old_name) = &field.origin else { continue };
            let old_field = old
                .iter()
                .find(|model| model.name == *origin)
                .and_then(|model| model.fields.iter().find(|field| field.name == *old_name))
                .unwrap();
            // Another type is another text, which need not be the same everywhere.
            let is_same = match (&old_field.what, &field.what) {
                (What::Plain(old), What::Plain(new)) => old == new && *old != Kind::Decimal,
                _ => true,
            };
            if is_same && old_field.null == field.null {
                let values = values(database, origin, &column(old_field));
                kept.push((model.name.clone(), column(field), values));
            }
        }
    }
    to("0002");
    same(&look(), &wanted, &format!("seed {seed}, with rows"));
    for (model, column, before) in kept {
        assert_eq!(
            values(database, &model, &column),
            before,
            "seed {seed}: {model}.{column}"
        );
    }
    for model in new.iter().filter(|model| model.origin.is_some()) {
        let count: Vec<(i64,)> = fetch(
            database,
            &format!("SELECT count(*) FROM \"{}\"", table(&model.name)),
        );
        assert_eq!(count, [(ROWS as i64,)], "seed {seed}: {}", model.name);
    }
    // A field that may not be NULL can't come back where there are rows.
    for model in new.iter().rev().filter(|model| model.origin.is_some()) {
        execute(database, &format!("DELETE FROM \"{}\"", table(&model.name)));
    }
    to("zero");
    assert!(look().tables.is_empty(), "seed {seed}");
}

/// 100 changes, fewer where a change of a table takes its time; 1,000 with NUAGES_FULL=1; or the one of NUAGES_SEED.
fn rounds(backend: Backend, part: u64) {
    const PARTS: u64 = 4;
    let count = match (backend, std::env::var("NUAGES_FULL").as_deref()) {
        (_, Ok("1")) => 1000,
        (Backend::MariaDb, _) => 8,
        (Backend::Postgres, _) => 16,
        _ => 100,
    };
    let only: Option<u64> = std::env::var("NUAGES_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    with_database(
        backend,
        |options| options,
        |database| {
            let seeds: Vec<u64> = only.map_or_else(|| (0..count).collect(), |only| vec![only]);
            for seed in seeds.into_iter().filter(|seed| seed % PARTS == part) {
                round(&database, seed);
            }
        },
    );
}

macro_rules! parts {
    ($($name:ident $backend:ident;)*) => {$(
        mod $name {
            use super::*;

            #[test]
            fn part_0() {
                rounds(Backend::$backend, 0);
            }

            #[test]
            fn part_1() {
                rounds(Backend::$backend, 1);
            }

            #[test]
            fn part_2() {
                rounds(Backend::$backend, 2);
            }

            #[test]
            fn part_3() {
                rounds(Backend::$backend, 3);
            }
        }
    )*};
}

parts! {
    sqlite SqliteMemory;
    postgres Postgres;
    mariadb MariaDb;
}
