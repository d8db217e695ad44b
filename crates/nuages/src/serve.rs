//! From an application to a server: the one place where the handler meets a socket.

use nuages_handler::{App, Error, Handler, Op};
use nuages_protocol::server::Server;

/// Serves an application by nuages' own server.
///
/// The handler knows no sockets, so this is a trait of the facade's. For more than the defaults, build a
/// [`Server`](crate::protocol::server::Server) and give it the built application.
pub trait Serve {
    /// Listens on an address such as `127.0.0.1:8000` and answers requests until SIGINT or SIGTERM, then finishes those in flight.
    ///
    /// The address is logged on start, and the plan of every route at debug level, under `nuages::plan`.
    ///
    /// # Errors
    ///
    /// Where the application's URLs have mistakes, and where the address can't be listened on.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the listener and its connections at once.
    ///
    /// # Blocking
    ///
    /// `.wait()` blocks until the server has stopped.
    fn serve(self, address: impl Into<String>) -> Op<'static, ()>;
}

impl Serve for App {
    fn serve(self, address: impl Into<String>) -> Op<'static, ()> {
        match self.build() {
            Ok(handler) => handler.serve(address),
            Err(error) => Op::ready("App::serve", Err(error.into())),
        }
    }
}

impl Serve for Handler {
    fn serve(self, address: impl Into<String>) -> Op<'static, ()> {
        let address = address.into();
        Op::new("App::serve", async move {
            let server = Server::bind(address.as_str()).await.map_err(Error::from)?;
            tracing::info!(target: "nuages::serve", "listening on http://{}", server.local_addr());
            Ok(server.serve(self).await?)
        })
    }
}
