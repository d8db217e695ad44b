//! Operations on relations that can't do what they are asked for.

use nuages_orm::prelude::*;

#[model]
struct Band {
    id: i64,
    name: String,
    #[relation(reverse = Song::band)]
    songs: Many<Song>,
    #[relation(through = Membership, through_fields = (band, person))]
    members: ManyToMany<Person>,
}

#[model]
struct Person {
    id: i64,
    #[relation(reverse = Profile::person)]
    profile: ReverseOneToOne<Profile>,
}

#[model]
struct Profile {
    id: i64,
    bio: String,
    #[relation(on_delete = Cascade)]
    person: OneToOne<Person>,
}

#[model]
struct Membership {
    id: i64,
    #[relation(on_delete = Cascade)]
    band: ForeignKey<Band>,
    #[relation(on_delete = Cascade)]
    person: ForeignKey<Person>,
    instrument: String,
}

#[model]
struct Song {
    id: i64,
    #[relation(on_delete = Cascade)]
    band: ForeignKey<Band>,
}

fn must_stay(band: &Band, song: &Song) -> nuages_orm::Result<()> {
    band.songs.remove([song]).wait()
}

fn lacks_an_instrument(band: &Band, person: &Person) -> nuages_orm::Result<()> {
    band.members.add([person]).wait()
}

fn another_model(band: &Band, song: &Song) -> nuages_orm::Result<()> {
    band.members.remove([song]).wait()
}

fn one_alone(band: &Band, song: &Song) -> nuages_orm::Result<()> {
    band.songs.add(song).wait()
}

fn not_loaded(person: &Person) {
    println!("{}", person.profile.bio);
}

fn main() {}
