//! The page: one file with everything in it that it needs, and nothing that runs but what is written here.
//!
//! The data stands in it as JSON, in which no `<` is left, so that nothing that a schema contains can end the element;
//! the script makes text nodes of it and nothing else. A policy allows the one style and the one script by their
//! hashes, and no request.

pub(crate) mod data;
mod json;
mod lines;
pub(crate) mod pool;
mod told;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use self::data::Page;
pub(crate) use self::json::json;

const PAGE: &str = include_str!("assets/page.html");
const STYLE: &str = include_str!("assets/page.css");

/// The script, in the order in which it is read.
const SCRIPT: [&str; 8] = [
    include_str!("assets/js/1_data.js"),
    include_str!("assets/js/2_place.js"),
    include_str!("assets/js/3_draw.js"),
    include_str!("assets/js/4_view.js"),
    include_str!("assets/js/5_find.js"),
    include_str!("assets/js/6_detail.js"),
    include_str!("assets/js/7_time.js"),
    include_str!("assets/js/8_main.js"),
];

/// What holds for every page: nothing is loaded, sent or framed.
const POLICY: &str = "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'";

/// The page as HTML.
pub(crate) fn html(page: &Page) -> String {
    let script = script();
    let mut policy = format!("{POLICY}; style-src '{}'; script-src '{}'", hash(STYLE), hash(&script));
    if page.live.is_some() {
        policy.push_str("; connect-src 'self'");
    }
    let title = escaped(&page.title);
    let data = json(page);
    let mut html = String::with_capacity(PAGE.len() + STYLE.len() + script.len() + data.len() + title.len());
    let mut rest = PAGE;
    // each once, in the order in which they stand in the page: what is put in is not searched for more of them
    let parts =
        [("policy", &policy), ("title", &title), ("style", &STYLE.to_owned()), ("data", &data), ("script", &script)];
    for (name, value) in parts {
        let Some((before, after)) = rest.split_once(&format!("{{{{{name}}}}}")) else { continue };
        html.push_str(before);
        html.push_str(value);
        rest = after;
    }
    html.push_str(rest);
    html
}

/// The script as one function, so that none of its names are the page's.
fn script() -> String {
    let mut script = "\"use strict\";\n(() => {\n".to_owned();
    script.extend(SCRIPT);
    script.push_str("})();\n");
    script
}

/// The hash of a style or script in a policy.
fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}

/// Text between tags.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(title: &str) -> Page {
        Page { title: title.to_owned(), ..Page::default() }
    }

    #[test]
    fn every_part_is_put_in_once_and_what_is_put_in_is_not_searched() {
        let html = html(&page("{{script}} </title><b> {{data}}"));
        assert!(html.contains("<title>{{script}} &lt;/title&gt;&lt;b&gt; {{data}}</title>"), "{}", &html[..900]);
        assert_eq!(html.matches("</script>").count(), 2);
        assert!(html.ends_with("</script>\n</body>\n</html>\n"));
    }

    #[test]
    fn only_a_page_that_is_served_may_ask_its_server() {
        assert!(!html(&page("a")).contains("connect-src"));
        assert!(html(&Page { live: Some("1".to_owned()), ..page("a") }).contains("connect-src 'self'"));
    }

    #[test]
    fn the_script_never_reads_text_as_html() {
        let script = script();
        for word in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "http:",
            "https:",
        ] {
            // the name of SVG's elements is no address
            let found = script.replace("http://www.w3.org/2000/svg", "").contains(word);
            assert!(!found, "{word}");
        }
    }
}
