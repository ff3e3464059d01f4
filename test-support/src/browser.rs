//! A browser: headless Chromium, driven by its own driver over the protocol that all browsers have
//! (w3.org/TR/webdriver2). Both are programs that the system has (`apt-get install chromium chromium-driver`).

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::http::Message;
use crate::{PATIENCE, skipped};

/// The names that the browser has on systems.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Keys that are no text, as the protocol calls them.
pub mod key {
    /// Enter.
    pub const ENTER: &str = "\u{e007}";
    /// Escape.
    pub const ESCAPE: &str = "\u{e00c}";
    /// Tab.
    pub const TAB: &str = "\u{e004}";
    /// The arrow keys.
    pub const LEFT: &str = "\u{e012}";
    /// See [`LEFT`].
    pub const UP: &str = "\u{e013}";
    /// See [`LEFT`].
    pub const RIGHT: &str = "\u{e014}";
    /// See [`LEFT`].
    pub const DOWN: &str = "\u{e015}";
}

/// A window of a browser, gone when this is dropped.
#[derive(Debug)]
pub struct Browser {
    driver: Child,
    port: u16,
    session: String,
    profile: TempDir,
}

impl Browser {
    /// Opens a window of that size. Where there is no browser or no driver, the test is skipped, loudly.
    pub fn start(width: u32, height: u32) -> Option<Self> {
        let (Some(browser), Some(driver)) = (BROWSERS.iter().find_map(|name| find(name)), find("chromedriver")) else {
            skipped("there is no browser: `apt-get install chromium chromium-driver`");
            return None;
        };
        let profile = tempfile::Builder::new().prefix("browser-").tempdir().expect("a temporary directory");
        let mut driver = Command::new(driver)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the driver starts");
        let mut lines = BufReader::new(driver.stdout.take().expect("it is piped")).lines();
        let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse().ok()
        });
        let mut window =
            Self { driver, port: port.expect("the driver says its port"), session: String::new(), profile };
        let data = format!("--user-data-dir={}", window.profile.path().display());
        let size = format!("--window-size={width},{height}");
        // root, and containers, have no sandbox
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--hide-scrollbars",
            "--force-device-scale-factor=1",
            "--disable-extensions",
            &data,
            &size,
        ];
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"binary": browser, "args": arguments},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }}});
        let session = window.send("POST", "/session", &wanted);
        session["sessionId"].as_str().expect("a session").clone_into(&mut window.session);
        // what the window has besides the page is no part of the size
        let inner = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        window.devtools("Emulation.setDeviceMetricsOverride", &inner);
        // what the browser shows and asks for at first is its own
        window.open("about:blank");
        window.console();
        window.requests();
        Some(window)
    }

    /// Goes to an address.
    pub fn open(&self, url: &str) {
        self.of_session("POST", "/url", &json!({ "url": url }));
    }

    /// What a function body returns in the page.
    pub fn run(&self, script: &str) -> Value {
        self.of_session("POST", "/execute/sync", &json!({"script": script, "args": []}))
    }

    /// The same for one that calls `done` at last.
    pub fn run_until_done(&self, script: &str) -> Value {
        let script = format!("const done = arguments[0]; {script}");
        self.of_session("POST", "/execute/async", &json!({"script": script, "args": []}))
    }

    /// Waits until an expression is true in the page.
    pub fn wait(&self, condition: &str) {
        let begin = Instant::now();
        while self.run(&format!("return !!({condition})")) != Value::Bool(true) {
            assert!(begin.elapsed() < PATIENCE, "it never came to be: {condition}");
            sleep(Duration::from_millis(20));
        }
    }

    /// Types keys, one after the other, at whatever has the focus.
    pub fn keys(&self, keys: &str) {
        let both = |key: char| {
            let key = key.to_string();
            [json!({"type": "keyDown", "value": key}), json!({"type": "keyUp", "value": key})]
        };
        let actions: Vec<Value> = keys.chars().flat_map(both).collect();
        self.act(&json!([{"type": "key", "id": "keys", "actions": actions}]));
    }

    /// Clicks on the middle of the first element that a selector finds.
    pub fn click(&self, selector: &str) {
        let at = self.run(&format!(
            "const one = document.querySelector({selector:?}); one.scrollIntoView({{block: 'nearest'}}); \
             const box = one.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]"
        ));
        let [x, y] = [&at[0], &at[1]].map(|at| at.as_f64().unwrap_or_default().round());
        self.act(&json!([{"type": "pointer", "id": "mouse", "actions": [
            {"type": "pointerMove", "x": x, "y": y, "duration": 0},
            {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0},
        ]}]));
    }

    /// Drags from one place to another.
    pub fn drag(&self, from: [i32; 2], to: [i32; 2]) {
        self.act(&json!([{"type": "pointer", "id": "mouse", "actions": [
            {"type": "pointerMove", "x": from[0], "y": from[1], "duration": 0}, {"type": "pointerDown", "button": 0},
            {"type": "pointerMove", "x": to[0], "y": to[1], "duration": 100}, {"type": "pointerUp", "button": 0},
        ]}]));
    }

    /// Puts fingers down, moves each from its first place to its second one, and lifts them.
    pub fn touch(&self, fingers: &[([i32; 2], [i32; 2])]) {
        const STEPS: i32 = 6;
        let at = |step: i32| -> Value {
            let place = |(id, (from, to)): (usize, &([i32; 2], [i32; 2]))| {
                let along = |axis: usize| from[axis] + (to[axis] - from[axis]) * step / STEPS;
                json!({"id": id, "x": along(0), "y": along(1)})
            };
            fingers.iter().enumerate().map(place).collect()
        };
        let send = |kind: &str, points: Value| {
            self.devtools("Input.dispatchTouchEvent", &json!({"type": kind, "touchPoints": points}));
        };
        send("touchStart", at(0));
        if fingers.iter().any(|(from, to)| from != to) {
            (1..=STEPS).for_each(|step| send("touchMove", at(step)));
        }
        send("touchEnd", json!([]));
    }

    /// Pastes what was copied into whatever has the focus.
    pub fn paste(&self) {
        let key = json!({"type": "rawKeyDown", "key": "v", "code": "KeyV", "modifiers": 2, "commands": ["paste"]});
        self.devtools("Input.dispatchKeyEvent", &key);
    }

    /// What a screen reader is told of the page, without what is left out for it: role and name of each node, in order,
    /// with its properties.
    pub fn told(&self) -> Vec<(String, String, Value)> {
        self.devtools("Accessibility.enable", &json!({}));
        let tree = self.devtools("Accessibility.getFullAXTree", &json!({}));
        let nodes = tree["nodes"].as_array().cloned().unwrap_or_default();
        let by_id: HashMap<String, &Value> =
            nodes.iter().filter_map(|node| Some((node["nodeId"].as_str()?.to_owned(), node))).collect();
        let mut told = Vec::new();
        let mut next: Vec<&Value> = nodes.first().into_iter().collect();
        while let Some(node) = next.pop() {
            if node["ignored"] != true {
                let word = |field: &str| node[field]["value"].as_str().unwrap_or_default().to_owned();
                told.push((word("role"), word("name"), node.clone()));
            }
            let children = node["childIds"].as_array().into_iter().flatten().rev();
            next.extend(children.filter_map(|id| by_id.get(id.as_str()?).copied()));
        }
        told
    }

    /// Turns the wheel over a place.
    pub fn wheel(&self, at: [i32; 2], by: i32) {
        let turn = json!({"type": "scroll", "x": at[0], "y": at[1], "deltaX": 0, "deltaY": by, "duration": 0});
        self.act(&json!([{"type": "wheel", "id": "wheel", "actions": [turn]}]));
    }

    /// A command of the browser's own protocol (chromedevtools.github.io/devtools-protocol).
    pub fn devtools(&self, command: &str, parameters: &Value) -> Value {
        self.of_session("POST", "/goog/cdp/execute", &json!({"cmd": command, "params": parameters}))
    }

    /// What the window shows, as a PNG.
    pub fn screenshot(&self) -> Vec<u8> {
        let encoded = self.of_session("GET", "/screenshot", &Value::Null);
        STANDARD.decode(encoded.as_str().expect("text")).expect("base64")
    }

    /// What the console has said since this was last asked.
    pub fn console(&self) -> Vec<String> {
        let entries = self.log("browser");
        entries.iter().map(|entry| format!("{}: {}", entry["level"], entry["message"])).collect()
    }

    /// The addresses that were asked for since this was last asked.
    pub fn requests(&self) -> Vec<String> {
        let entries = self.log("performance").into_iter();
        let events = entries.filter_map(|entry| serde_json::from_str::<Value>(entry["message"].as_str()?).ok());
        let sent = events.filter(|event| event["message"]["method"] == "Network.requestWillBeSent");
        sent.filter_map(|event| event["message"]["params"]["request"]["url"].as_str().map(str::to_owned)).collect()
    }

    /// The brightness of the window in so many fields, from 0 to 255, row by row: what remains of a picture where fonts
    /// differ a little.
    pub fn brightness(&self, columns: u32, rows: u32) -> Vec<Vec<u8>> {
        let picture = STANDARD.encode(self.screenshot());
        self.open("about:blank");
        let found = self.run_until_done(&format!(
            "const image = new Image(); image.onload = () => {{ \
               const field = document.createElement('canvas'); field.width = {columns}; field.height = {rows}; \
               const pen = field.getContext('2d'); pen.imageSmoothingQuality = 'high'; \
               pen.drawImage(image, 0, 0, {columns}, {rows}); const all = pen.getImageData(0, 0, {columns}, {rows}).data; \
               const light = []; for (let at = 0; at < all.length; at += 4) \
                 light.push(Math.round(.299 * all[at] + .587 * all[at + 1] + .114 * all[at + 2])); done(light); }}; \
             image.src = 'data:image/png;base64,{picture}'"
        ));
        let light: Vec<u8> = serde_json::from_value(found).expect("numbers");
        light.chunks(columns as usize).map(<[u8]>::to_vec).collect()
    }

    fn log(&self, kind: &str) -> Vec<Value> {
        let entries = self.of_session("POST", "/se/log", &json!({ "type": kind }));
        entries.as_array().cloned().unwrap_or_default()
    }

    fn act(&self, actions: &Value) {
        self.of_session("POST", "/actions", &json!({ "actions": actions }));
    }

    fn of_session(&self, method: &str, path: &str, body: &Value) -> Value {
        self.send(method, &format!("/session/{}{path}", self.session), body)
    }

    fn send(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("the driver is there");
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}",
            self.port
        );
        stream.write_all(request.as_bytes()).expect("the driver listens");
        let answer = Message::read(&mut BufReader::new(stream)).expect("it answers").expect("it answers");
        let mut value: Value = serde_json::from_slice(&answer.body).expect("JSON");
        assert!(answer.status() == 200, "{method} {path}: {}", value["value"]);
        value["value"].take()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // a test that fails must not leave a browser behind, and must not fail twice
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            if !self.session.is_empty() {
                self.of_session("DELETE", "", &Value::Null);
            }
        }));
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// The path of a program.
fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}
