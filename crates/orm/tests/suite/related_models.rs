//! Models with every kind of relation.

use nuages_orm::prelude::*;
use nuages_orm::{Result, create_tables};

#[model]
pub(crate) struct Musician {
    pub(crate) id: i64,
    #[field(max_length = 80)]
    pub(crate) name: String,
    #[relation(reverse = Profile::musician)]
    pub(crate) profile: ReverseOneToOne<Profile>,
    pub(crate) styles: ManyToMany<Style>,
    pub(crate) friends: ManyToMany<Self>,
    #[relation(symmetrical = false)]
    pub(crate) teachers: ManyToMany<Self>,
    #[relation(reverse = Musician::teachers)]
    pub(crate) pupils: ManyToMany<Self>,
    #[relation(reverse = Band::members)]
    pub(crate) bands: ManyToMany<Band>,
    #[relation(reverse = Guitar::owner)]
    pub(crate) guitars: Many<Guitar>,
}

#[model]
pub(crate) struct Profile {
    pub(crate) id: i64,
    #[field(max_length = 200)]
    pub(crate) bio: String,
    #[relation(on_delete = Cascade)]
    pub(crate) musician: OneToOne<Musician>,
    #[relation(on_delete = SetNull)]
    pub(crate) idol: Option<OneToOne<Musician>>,
}

#[model(ordering = [name])]
pub(crate) struct Style {
    pub(crate) id: i64,
    #[field(max_length = 40, unique)]
    pub(crate) name: String,
    #[field(default = 1900)]
    pub(crate) year: i32,
    #[relation(reverse = Musician::styles)]
    pub(crate) musicians: ManyToMany<Musician>,
}

#[model]
pub(crate) struct Band {
    pub(crate) id: i64,
    #[field(max_length = 80)]
    pub(crate) name: String,
    #[relation(through = Membership, through_fields = (band, musician))]
    pub(crate) members: ManyToMany<Musician>,
}

#[model]
pub(crate) struct Membership {
    pub(crate) id: i64,
    #[relation(on_delete = Cascade)]
    pub(crate) band: ForeignKey<Band>,
    #[relation(on_delete = Cascade)]
    pub(crate) musician: ForeignKey<Musician>,
    #[relation(on_delete = SetNull)]
    pub(crate) invited_by: Option<ForeignKey<Musician>>,
    #[field(max_length = 40)]
    pub(crate) instrument: String,
}

#[model]
pub(crate) struct Guitar {
    pub(crate) id: i64,
    #[field(max_length = 80)]
    pub(crate) name: String,
    #[relation(on_delete = SetNull)]
    pub(crate) owner: Option<ForeignKey<Musician>>,
    /// The guitar that it was built after.
    #[relation(on_delete = Cascade)]
    pub(crate) model_of: Option<ForeignKey<Self>>,
    #[relation(reverse = Guitar::model_of)]
    pub(crate) copies: Many<Guitar>,
}

#[model]
pub(crate) struct Genre {
    #[field(primary_key, max_length = 20)]
    pub(crate) code: String,
    #[relation(reverse = Song::genres)]
    pub(crate) songs: ManyToMany<Song>,
    #[relation(reverse = Album::genre)]
    pub(crate) albums: Many<Album>,
}

#[model]
pub(crate) struct Artist {
    pub(crate) id: Uuid,
    #[field(max_length = 80)]
    pub(crate) name: String,
    #[relation(reverse = Album::artist)]
    pub(crate) albums: Many<Album>,
    #[relation(reverse = Song::artist)]
    pub(crate) songs: Many<Song>,
}

#[model]
pub(crate) struct Album {
    pub(crate) id: i32,
    #[field(max_length = 80)]
    pub(crate) title: String,
    #[relation(on_delete = Cascade)]
    pub(crate) artist: ForeignKey<Artist>,
    #[field(default = "none")]
    #[relation(on_delete = SetDefault)]
    pub(crate) genre: ForeignKey<Genre>,
    #[relation(on_delete = Set("other"))]
    pub(crate) second: Option<ForeignKey<Genre>>,
}

#[model]
pub(crate) struct Song {
    pub(crate) id: i64,
    #[field(max_length = 80)]
    pub(crate) title: String,
    #[relation(on_delete = Cascade)]
    pub(crate) artist: ForeignKey<Artist>,
    #[relation(on_delete = Restrict)]
    pub(crate) album: Option<ForeignKey<Album>>,
    pub(crate) genres: ManyToMany<Genre>,
}

#[model]
pub(crate) struct Review {
    pub(crate) id: i64,
    #[relation(on_delete = DbCascade)]
    pub(crate) song: ForeignKey<Song>,
    #[relation(on_delete = DbSetNull)]
    pub(crate) answers: Option<ForeignKey<Self>>,
    #[relation(on_delete = DoNothing)]
    pub(crate) genre: Option<ForeignKey<Genre>>,
}

/// A hen comes from an egg, and an egg from a hen.
#[model]
pub(crate) struct Hen {
    pub(crate) id: i64,
    #[relation(on_delete = Cascade)]
    pub(crate) egg: Option<ForeignKey<Egg>>,
}

#[model]
pub(crate) struct Egg {
    pub(crate) id: i64,
    #[relation(on_delete = Cascade)]
    pub(crate) hen: Option<ForeignKey<Hen>>,
    #[relation(on_delete = Protect)]
    pub(crate) twin: Option<ForeignKey<Self>>,
}

pub(crate) fn keyed_tables(db: &Database) -> Op<'static, ()> {
    create_tables(
        db,
        &[
            Song::meta(),
            Album::meta(),
            Artist::meta(),
            Genre::meta(),
            Review::meta(),
            Hen::meta(),
            Egg::meta(),
        ],
    )
}

pub(crate) fn tables(db: &Database) -> Op<'static, ()> {
    create_tables(
        db,
        &[
            Musician::meta(),
            Profile::meta(),
            Style::meta(),
            Band::meta(),
            Membership::meta(),
            Guitar::meta(),
        ],
    )
}

/// Three musicians, the first of them with a profile, and three styles.
pub(crate) struct Scene {
    pub(crate) django: Musician,
    pub(crate) stephane: Musician,
    pub(crate) boris: Musician,
    pub(crate) swing: Style,
    pub(crate) musette: Style,
    pub(crate) bop: Style,
}

pub(crate) async fn scene(db: &Database) -> Result<Scene> {
    tables(db).await?;
    let musician = |name: &'static str| Musician::create().name(name).using(db);
    let style = |name: &'static str, year| Style::create().name(name).year(year).using(db);
    let scene = Scene {
        django: musician("Django").await?,
        stephane: musician("Stéphane").await?,
        boris: musician("Boris").await?,
        swing: style("swing", 1930).await?,
        musette: style("musette", 1880).await?,
        bop: style("bop", 1944).await?,
    };
    Profile::create()
        .bio("guitarist")
        .musician(&scene.django)
        .using(db)
        .await?;
    Ok(scene)
}
