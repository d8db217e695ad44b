//! Serves the programme of an evening until it is interrupted, on the address that it is told or on <http://127.0.0.1:8000>.

use std::error::Error;

use nuages_protocol::server::Server;

#[nuages_macros::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let app = phase2::app(Default::default()).build()?;
    print!("{}", app.plan());
    let server = Server::bind(
        std::env::args()
            .nth(1)
            .unwrap_or_else(|| "127.0.0.1:8000".to_owned()),
    )
    .await?;
    println!("listening on http://{}", server.local_addr());
    Ok(server.serve(app).await?)
}
