//! Just enough of WebDriver: one session, pages, scripts, clicks, and Chromium's own commands.

use std::fmt;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use serde_json::{Value, json};

/// What went wrong with the browser.
#[derive(Debug)]
pub struct Error(pub(crate) String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self(format!("chromedriver does not answer: {error}"))
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self(format!("chromedriver's answer is no JSON: {error}"))
    }
}

/// The result of what a browser does.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The name of an element's id in WebDriver's answers.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// No page of a test takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser with one page; it ends with this value.
#[derive(Debug)]
pub struct Browser {
    driver: Child,
    port: u16,
    session: String,
}

impl Browser {
    /// Starts Chromium without a window.
    ///
    /// # Errors
    ///
    /// Where `chromedriver` (or what `NUAGES_CHROMEDRIVER` names) is missing, or no browser starts.
    pub fn start() -> Result<Self> {
        let program = std::env::var("NUAGES_CHROMEDRIVER").unwrap_or_else(|_| "chromedriver".to_owned());
        let mut driver = Command::new(&program)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| Error(format!("can't start {program}: {error}")))?;
        let port = driver.stdout.take().and_then(|out| port_of(BufReader::new(out)));
        let Some(port) = port else {
            let _ = driver.kill();
            let _ = driver.wait();
            return Err(Error(format!("{program} did not say on which port it listens")));
        };
        let mut browser = Self {
            driver,
            port,
            session: String::new(),
        };
        let options =
            json!({ "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
        let capabilities = json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": options } } });
        let started = browser.call("POST", "/session", &capabilities)?;
        started["sessionId"]
            .as_str()
            .unwrap_or_default()
            .clone_into(&mut browser.session);
        Ok(browser)
    }

    /// Opens a page and waits until it is loaded.
    ///
    /// # Errors
    ///
    /// As all that follow: where the browser refuses.
    pub fn open(&self, url: &str) -> Result<()> {
        self.command("url", &json!({ "url": url })).map(|_| ())
    }

    /// Runs a script, the body of a function, and gives what it returns.
    pub fn run(&self, script: &str) -> Result<Value> {
        self.command("execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// The same for a script that calls `arguments[0]` with its result.
    pub fn run_async(&self, script: &str) -> Result<Value> {
        self.command("execute/async", &json!({ "script": script, "args": [] }))
    }

    /// Clicks on the first element that a CSS selector finds, and waits for the page that this leads to.
    pub fn click(&self, css: &str) -> Result<()> {
        let element = self.element(css)?;
        self.command(&format!("element/{element}/click"), &json!({}))
            .map(|_| ())
    }

    /// Types into the first element that a CSS selector finds.
    pub fn type_into(&self, css: &str, text: &str) -> Result<()> {
        let element = self.element(css)?;
        self.command(&format!("element/{element}/value"), &json!({ "text": text }))
            .map(|_| ())
    }

    fn element(&self, css: &str) -> Result<String> {
        let found = self.command("element", &json!({ "using": "css selector", "value": css }))?;
        let id = found[ELEMENT].as_str();
        id.map(str::to_owned)
            .ok_or_else(|| Error(format!("there is no {css}")))
    }

    /// The window's size in CSS pixels, and whether the visitor likes it dark.
    pub fn view(&self, width: u32, height: u32, is_dark: bool) -> Result<()> {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.chromium("Emulation.setDeviceMetricsOverride", &size)?;
        let scheme = if is_dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.chromium("Emulation.setEmulatedMedia", &media).map(|_| ())
    }

    /// The whole page as a PNG.
    pub fn screenshot(&self) -> Result<Vec<u8>> {
        let picture = self.chromium(
            "Page.captureScreenshot",
            &json!({ "captureBeyondViewport": true }),
        )?;
        base64::engine::general_purpose::STANDARD
            .decode(picture["data"].as_str().unwrap_or_default())
            .map_err(|error| Error(format!("the picture can't be read: {error}")))
    }

    fn chromium(&self, command: &str, params: &Value) -> Result<Value> {
        self.command("goog/cdp/execute", &json!({ "cmd": command, "params": params }))
    }

    fn command(&self, name: &str, body: &Value) -> Result<Value> {
        self.call("POST", &format!("/session/{}/{name}", self.session), body)
    }

    /// One HTTP request, on a connection of its own.
    fn call(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let body = body.to_string();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut reader = BufReader::new(stream);
        let mut length = None;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse::<u64>().ok();
            }
        }
        let mut text = Vec::new();
        reader.take(length.unwrap_or(u64::MAX)).read_to_end(&mut text)?;
        let answer: Value = serde_json::from_slice(&text)?;
        match answer["value"].get("error") {
            Some(error) => Err(Error(format!("{error}: {}", answer["value"]["message"]))),
            None => Ok(answer["value"].clone()),
        }
    }
}

/// `ChromeDriver was started successfully on port 12345.`
fn port_of(lines: impl std::io::BufRead) -> Option<u16> {
    let line = lines
        .lines()
        .map_while(std::result::Result::ok)
        .find(|line| line.contains("successfully on port "))?;
    let digits = line.rsplit("on port ").next()?;
    digits.trim_end_matches('.').trim().parse().ok()
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() {
            let _ = self.call("DELETE", &format!("/session/{}", self.session), &json!({}));
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
