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
