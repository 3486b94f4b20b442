/* html_text.c: escapes text for a sweep's HTML page; the page's style sheet. */
#include "html.h"

void html_text(FILE *to, const char *text)
{
    char shown[2048];

    sld_text_printable(text, shown, sizeof shown);
    for (const char *c = shown; *c; c++) {
        switch (*c) {
        case '<':
            fputs("&lt;", to);
            break;
        case '>':
            fputs("&gt;", to);
            break;
        case '&':
            fputs("&amp;", to);
            break;
        case '"':
            fputs("&quot;", to);
            break;
        case '\'':
            fputs("&#39;", to);
            break;
        default:
            fputc(*c, to);
        }
    }
}

const char html_style[] =
    ":root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--faint:#69717a;--line:#d5dae0;"
    "--shade:#f4f6f8;--bad:#a33a00;--c0:#0072b2;--c1:#c24f00;--c2:#008060;--c3:#b0578f;"
    "--c4:#8a6d00;--c5:#7a5cc9;--c6:#8c564b;--c7:#2f86c0}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e4e7eb;--paper:#14171b;--faint:#98a1aa;"
    "--line:#363c44;--shade:#1d2228;--bad:#f0a070;--c0:#4aa8e8;--c1:#f08a3c;--c2:#2fc79a;"
    "--c3:#e59ac4;--c4:#e0b040;--c5:#ab92f0;--c6:#c49080;--c7:#8fd0f5}}\n"
    "*{box-sizing:border-box}html{-webkit-text-size-adjust:100%}\n"
    "body{margin:0 auto;max-width:72rem;padding:1rem clamp(.8rem,3vw,2.4rem) 3rem;color:var(--ink);"
    "background:var(--paper);font:1rem/1.5 system-ui,\"Segoe UI\",\"DejaVu Sans\",sans-serif}\n"
    "h1{font-size:1.6rem;line-height:1.2;margin:.3rem 0;overflow-wrap:anywhere}\n"
    "h2{font-size:1.15rem;margin:1.8rem 0 .5rem}p{margin:.3rem 0;max-width:62rem}\n"
    ".bar{display:flex;height:.7rem;border-radius:4px;overflow:hidden;background:var(--line);"
    "margin:.6rem 0}.bar i{display:block}\n"
    ".done{background:var(--c2)}.running{background:var(--c0)}.diverged,.failed{background:var(--"
    "c1)}.skipped{background:var(--c4)}\n"
    ".scroll{overflow-x:auto;border:1px solid var(--line);border-radius:6px;width:fit-content;"
    "max-width:100%}\n"
    "table{border-collapse:collapse;font-size:.88rem;font-variant-numeric:tabular-nums}\n"
    "th,td{padding:.3rem .7rem;text-align:right;vertical-align:top;white-space:nowrap}\n"
    "th:first-child,th.text,td.text{text-align:left}td.text{white-space:normal;overflow-wrap:"
    "anywhere;min-width:12rem}\n"
    "thead th{background:var(--shade);font-weight:600}\n"
    "tbody th{font-weight:400;white-space:normal;min-width:6.5rem;max-width:22rem;"
    "overflow-wrap:anywhere}\n"
    "tbody th,tbody td{border-top:1px solid var(--line)}\n"
    "table>tbody:first-child>tr:first-child>*{border-top:0}\n"
    ".note{font-size:.85rem;color:var(--faint)}.bad{color:var(--bad)}\n"
    "svg{display:block;color:var(--ink)}svg.seeds{width:10rem;height:1.3rem}\n"
    "figure{margin:.4rem 0}svg.curves{width:100%;max-width:44rem;height:auto}\n"
    ".legend{list-style:none;padding:0;margin:.3rem 0;display:flex;flex-wrap:wrap;gap:.1rem 1.1rem;"
    "font-size:.86rem}.legend li{display:flex;align-items:center;gap:.4rem;overflow-wrap:anywhere}"
    ".legend svg{flex:none;width:34px;height:10px}\n"
    "@media(max-width:40rem){th,td{padding:.28rem .45rem}table{font-size:.82rem}"
    "svg.curves text{font-size:18px}.lost thead{display:none}.lost tr{display:block;"
    "border-top:1px solid var(--line);padding:.2rem 0}.lost "
    "tbody>tr>*{display:inline-block;border:0;"
    "padding:0 .45rem;max-width:none;min-width:0}.lost td:nth-child(2)::before{content:\"seed "
    "\"}}\n"
    "@media print{:root{--ink:#000;--paper:#fff;--faint:#444;--line:#bbb;--shade:#f2f2f2;"
    "--bad:#a33a00}body{max-width:none;padding:0;font-size:9.5pt}.scroll{overflow:visible;border:0}"
    "table{font-size:8pt}td,th,td.text,tbody th{white-space:normal;min-width:0;padding:.15rem "
    ".35rem}tr,figure{break-inside:avoid}*{print-color-adjust:exact;"
    "-webkit-print-color-adjust:exact}}\n";
