//! Serves the guest book: `BIND` is the address, `GUESTS` the file.

use std::{env, thread};

use nuages_bridge::async_to_sync;
use nuages_protocol::{BoxError, server::Server};
use phase1::{GuestBook, is_alive};

fn main() -> Result<(), BoxError> {
    let address = env::var("BIND").unwrap_or_else(|_| "127.0.0.1:8000".to_owned());
    let guests = env::var("GUESTS").unwrap_or_else(|_| "guests.txt".to_owned());
    // A plain main: the async server runs until it is stopped, and this thread waits for it.
    async_to_sync(async move {
        let server = Server::bind(address).await?;
        let address = server.local_addr();
        println!("listening on http://{address}");
        thread::spawn(move || match is_alive(address) {
            Ok(alive) => println!("alive: {alive}"),
            Err(error) => println!("not alive: {error}"),
        });
        server.serve(GuestBook::new(guests)).await?;
        println!("goodbye");
        Ok(())
    })?
}
