//! How two schemas differ, as a page of HTML: the one that was beside the one that will be, each thing in the same place.

use std::fmt::Write as _;

use super::layout::layout;
use super::model::Picture;
use super::svg::{Shown, drawing, escaped};

/// What the page looks like. Nothing is loaded, and nothing in it can be run.
const HEAD: &str = "<meta charset=\"utf-8\">\n\
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
<meta name=\"viewport\" content=\"width=device-width\">\n\
<meta name=\"color-scheme\" content=\"light dark\">\n\
<style>body{font:14px system-ui,sans-serif;margin:1rem;color:#1f2328;background:#fff}\
main{display:flex;flex-wrap:wrap;gap:1rem}section{flex:1 1 30rem;min-width:0}h1{font-size:1.3rem}h2{font-size:1rem}\
.s{overflow:auto;max-height:80vh;border:1px solid #8c959f;border-radius:6px}ul{padding:0;list-style:none}\
li{font:12px/1.6 ui-monospace,Menlo,Consolas,monospace;padding:0 .5rem;white-space:pre-wrap;overflow-wrap:anywhere}\
.a{background:#dafbe1}.d{background:#ffebe9}.m{background:#fff8c5}\
@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}.a{background:#12361f}.d{background:#4b1113}\
.m{background:#3d2f05}}@media print{.s{max-height:none;overflow:visible;border:0}}</style>\n";

/// The page. `picture` has both; `lines` says each difference, with its sign first.
pub(crate) fn page(picture: &Picture, (from, to): (&str, &str), lines: &[String]) -> String {
    let picture = picture.touched();
    let layout = layout(&picture);
    let title = format!("From {from} to {to}");
    let mut out =
        format!("<!doctype html>\n<html lang=\"en\">\n<title>{0}</title>\n{HEAD}<h1>{0}</h1>\n<ul>\n", escaped(&title));
    for line in lines {
        let class = match line.chars().next() {
            Some('+') => "a",
            Some('-') => "d",
            _ => "m",
        };
        // writing to a string cannot fail
        let _ = writeln!(out, "<li class=\"{class}\">{}</li>", escaped(line));
    }
    out.push_str("</ul>\n<main>\n");
    for (name, word, shown) in [(from, "Before", Shown::Before), (to, "After", Shown::After)] {
        let drawing = drawing(&picture, &layout, &format!("{word}: {name}"), shown);
        // keyboards scroll what has the focus
        let _ = writeln!(
            out,
            "<section><h2>{word}: {}</h2><div class=\"s\" tabindex=\"0\" role=\"region\" aria-label=\"{word}\">{drawing}</div></section>",
            escaped(name)
        );
    }
    out + "</main>\n</html>\n"
}
