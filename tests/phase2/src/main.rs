//! Serves the programme of an evening on <http://127.0.0.1:8000>, until it is interrupted.

use std::error::Error;

use nuages_protocol::server::Server;

#[nuages_macros::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let app = phase2::app(Default::default()).build()?;
    print!("{}", app.plan());
    let server = Server::bind("127.0.0.1:8000").await?;
    println!("listening on http://{}", server.local_addr());
    Ok(server.serve(app).await?)
}
