/// The style of every page.
///
/// No `<` and no `&`, so that the page stays well-formed XML.
let stylesheet = "\n" + colorRules + "\n" + pageRules + "\n" + pictureRules + "\n" + narrowAndPrintRules + "\n"

let fontFamily =
  #"system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif"#

/// Colours by the names that rules give them, on light and on dark ground.
let lightColors = [
  ("surface", "#ffffff"), ("panel", "#f5f6f8"), ("text", "#1a1d21"), ("muted", "#59626d"), ("rule", "#d9dde2"),
  ("grid", "#e6e9ed"), ("accent", "#2f55d4"), ("on-part", "#ffffff"), ("highlight", "#fdeebf"), ("s0", "#2f55d4"),
  ("s1", "#c84e00"), ("s2", "#063f34"), ("s3", "#8a62b5"), ("s4", "#9a6440"), ("s5", "#1a2178"), ("s6", "#b04070"),
  ("s7", "#4c7988"),
]
let darkColors = [
  ("surface", "#14171b"), ("panel", "#1d2126"), ("text", "#e8eaed"), ("muted", "#a4adb7"), ("rule", "#383f47"),
  ("grid", "#2a3037"), ("accent", "#93a1ff"), ("on-part", "#101317"), ("highlight", "#3d3519"), ("s0", "#7c8cff"),
  ("s1", "#ffc23d"), ("s2", "#35e0ae"), ("s3", "#9f80ad"), ("s4", "#d3ec8f"), ("s5", "#a8e8ff"), ("s6", "#e06040"),
  ("s7", "#3fa9f0"),
]

private let colorRules = """
    :root { \(definitions(lightColors)) }
    @media screen and (prefers-color-scheme: dark) { :root { \(definitions(darkColors)) } }
  """

private func definitions(_ colors: [(String, String)]) -> String {
  colors.map { "--\($0): \($1);" }.joined(separator: " ")
}

private let pageRules = """
  * { box-sizing: border-box; }
  html { -webkit-text-size-adjust: 100%; }
  body { margin: 0; background: var(--surface); color: var(--text);
    font: 16px/1.55 \(fontFamily); }
  main { max-width: 824px; margin: 0 auto; padding: 40px 32px 72px; }
  h1 { font-size: 30px; line-height: 1.2; margin: 0 0 6px; letter-spacing: -0.01em; text-wrap: balance; }
  h2 { font-size: 21px; line-height: 1.3; margin: 52px 0 14px; padding-top: 14px; border-top: 1px solid var(--rule); }
  h3 { font-size: 16px; line-height: 1.35; margin: 0 0 12px; }
  p { margin: 0 0 14px; max-width: 68ch; }
  .subtitle { color: var(--muted); }
  .verdict { font-size: 19px; line-height: 1.5; margin: 22px 0 0; padding: 16px 20px; background: var(--panel);
    border-left: 4px solid var(--accent); border-radius: 0 6px 6px 0; max-width: none; }
  figure { margin: 26px 0 34px; }
  figcaption { color: var(--muted); font-size: 14px; margin: 8px 0 6px; max-width: 76ch; }
  .scroll { overflow-x: auto; }
  svg { display: block; width: 100%; min-width: 560px; height: auto; }
  blockquote { margin: 0; padding: 12px 18px; background: var(--panel); border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere; }
  pre { margin: 0 0 18px; padding: 14px 18px; background: var(--panel); border-radius: 6px; overflow-x: auto;
    font: 13.5px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
  dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(220px, 1fr)); gap: 10px 28px; margin: 0 0 20px; }
  dt { color: var(--muted); font-size: 13px; }
  dd { margin: 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
  table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
  th, td { padding: 5px 22px 5px 0; text-align: left; border-bottom: 1px solid var(--grid); vertical-align: top; }
  thead th { color: var(--muted); font-weight: 600; border-bottom-color: var(--rule); vertical-align: bottom; }
  tbody th { font-weight: 400; }
  .number { text-align: right; white-space: nowrap; }
  .long { min-width: 18em; }
  th:last-child, td:last-child { padding-right: 2px; }
  details { font-size: 14px; }
  summary { cursor: pointer; color: var(--accent); padding: 4px 0; width: max-content; }
  details .scroll { max-height: 420px; overflow: auto; margin-top: 6px; }
  .note { color: var(--muted); font-size: 13px; margin: 8px 0 0; }
  """

let pictureRules = """
  svg text { font-size: 13px; font-family: inherit; fill: var(--text); font-variant-numeric: tabular-nums; }
  svg .tick, svg .axis-name { fill: var(--muted); }
  svg .axis-name { font-size: 12.5px; }
  svg .category { font-weight: 500; }
  svg .muted { fill: var(--muted); }
  svg .label { font-weight: 600; }
  svg .label.muted { font-weight: 400; }
  .grid { stroke: var(--grid); stroke-width: 1; }
  .axis { stroke: var(--muted); stroke-width: 1; }
  .reference { stroke: var(--muted); stroke-width: 1.25; stroke-dasharray: 3 4; }
  .curve { fill: none; stroke: var(--c); stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
  .curve.faint { stroke-width: 1; opacity: 0.32; }
  .mark { fill: var(--c); stroke: var(--surface); stroke-width: 1; }
  .mark.empty { fill: var(--surface); stroke: var(--c); stroke-width: 1.5; }
  .neutral { --c: var(--muted); }
  .band { fill: var(--c); opacity: 0.14; }
  .highlight { fill: var(--highlight); }
  .join { stroke: var(--c); stroke-width: 1.5; opacity: 0.45; }
  .interval { fill: none; stroke: var(--c); stroke-width: 1.5; }
  .part { fill: var(--c); }
  svg text.on-part { fill: var(--on-part); font-weight: 600; }
  svg text.value { font-weight: 600; paint-order: stroke; stroke: var(--surface); stroke-width: 4px; stroke-linejoin: round; }
  svg text.label[class*=" s"], svg text.value[class*=" s"] { fill: var(--c); }
  .cell, .swatch { shape-rendering: crispEdges; }
  .missing { fill: none; stroke: var(--grid); }
  svg text.in-cell { font-size: 12px; }
  svg text.black { fill: #101317; }
  svg text.white { fill: #ffffff; }
  .s0 { --c: var(--s0); } .s1 { --c: var(--s1); } .s2 { --c: var(--s2); }
  .s3 { --c: var(--s3); } .s4 { --c: var(--s4); } .s5 { --c: var(--s5); }
  .s6 { --c: var(--s6); } .s7 { --c: var(--s7); }
  """

private let narrowAndPrintRules = """
  @media (max-width: 620px) { main { padding: 24px 16px 48px; } h1 { font-size: 25px; } .verdict { font-size: 17px; } }
  @media print {
    @page { margin: 16mm 15mm; }
    body { font-size: 10.5pt; }
    main { max-width: none; padding: 0; }
    h1 { font-size: 20pt; } h2 { font-size: 14pt; margin-top: 26px; } .verdict { font-size: 12pt; }
    figure, pre, .verdict { break-inside: avoid; }
    h2, h3, h2 + p { break-after: avoid; }
    svg, .long { min-width: 0; }
    pre { white-space: pre-wrap; overflow-wrap: anywhere; }
    .verdict, pre, blockquote, .part, .cell, .band, .mark, rect { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
    .scroll, details .scroll { overflow: visible; max-height: none; }
    details.long { display: none; }
    details::details-content { content-visibility: visible; }
    summary { color: var(--muted); }
  }
  """
