import Foundation
import Reports
import Storage

/// The page: one document with its one script, that needs nothing else, in the report's look. What comes from the run is
/// put into it as text.
enum PageDocument {
    static let policy: String = {
        let digest = Data(ContentHasher.digest(of: script).bytes).base64EncodedString()
        return
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-\(digest)'; connect-src 'self'; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    }()

    static func html(title: String) -> String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <link rel="icon" href="data:,">
        <title>\(HTML.escaped(title))</title>
        <style>
        \(RunReport.style)
        \(style)
        </style>
        </head>
        <body>
        <main>
        <h1>\(HTML.escaped(title))</h1>
        <p class="lead" id="lead" role="status">waiting for the coordinator…</p>
        <p id="contact" role="alert" hidden></p>
        <section id="stages"><div id="bars"></div><p id="disk"></p></section>
        <section id="scores" hidden><h2>The message so far</h2><div id="score"></div><div id="course"></div></section>
        <section id="loss" hidden><h2>Loss</h2><figure id="curve"></figure></section>
        <section><h2>Workers</h2><p id="straggler"></p><div class="scroll"><table class="figures">
        <thead><tr><th>worker</th><th>device</th><th>state</th><th>at work on</th><th>units</th><th>units/s</th>
        <th>memory</th><th>heard</th><th>in / out</th></tr></thead><tbody id="workers"></tbody></table></div><p id="others"></p></section>
        <section id="faults" hidden><h2>Faults</h2><ol id="fault"></ol></section>
        </main>
        <script>\(script)</script>
        </body>
        </html>

        """
    }

    private static let style = """
        #contact { border: 1px solid var(--s1); border-radius: 4px; padding: .5rem .75rem; }
        .stage { display: grid; grid-template-columns: 7rem 1fr; gap: .1rem 1rem; margin: .8rem 0; align-items: center; }
        .stage b { overflow-wrap: anywhere; }
        .track { height: .75rem; border-radius: 4px; background: var(--rule); overflow: hidden; display: flex; }
        .done { background: var(--s0); } .way { background: var(--s0); opacity: .45; }
        .stage small { grid-column: 2; color: var(--soft); font-variant-numeric: tabular-nums; }
        #disk, #straggler, #others { color: var(--soft); } #fault { padding-left: 1.25rem; }
        #fault li { overflow-wrap: anywhere; font-size: .875rem; margin: .2rem 0; }
        tr.lost td { color: var(--soft); text-decoration: line-through; }
        tr.lost td:nth-child(3) { text-decoration: none; color: var(--s1); font-weight: 600; }
        #stages ~ section .figures th:nth-child(-n+4), #workers td:nth-child(-n+4) { text-align: left; }
        #stages ~ section .figures :is(th, td) { min-width: 0; padding: .3rem .55rem .3rem 0; }
        #stages ~ section #workers td:first-child { overflow-wrap: anywhere; min-width: 7.5rem; white-space: normal; }
        #stages ~ section #workers td:nth-child(2) { min-width: 9rem; white-space: normal; }
        .band { opacity: .18; } .band.s0 { fill: var(--s0); } .band.s1 { fill: var(--s1); }
        figcaption { display: flex; flex-wrap: wrap; gap: 0 1rem; }
        .key { white-space: nowrap; font-variant-numeric: tabular-nums; }
        .key::before { content: ""; display: inline-block; width: 1em; height: .2em; margin-right: .4em;
          vertical-align: middle; background: var(--s0); } .key.s1::before { background: var(--s1); }
        .zero { stroke: var(--soft); stroke-dasharray: 3 3; }
        @media (max-width: 600px) { .stage { grid-template-columns: 1fr; } .stage small { grid-column: 1; } }
        """

    /// Makes elements and texts, never markup.
    static let script = """
        "use strict";
        const $ = id => document.getElementById(id);
        const make = (tag, props = {}, ...children) => {
          const element = Object.assign(document.createElement(tag), props);
          element.append(...children);
          return element;
        };
        const NS = "http://www.w3.org/2000/svg";
        const draw = (tag, attributes, ...children) => {
          const element = document.createElementNS(NS, tag);
          for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
          element.append(...children);
          return element;
        };
        const significant = x => !Number.isFinite(x) ? "–" : x === 0 ? "0"
          : Math.abs(x) >= 1e7 || Math.abs(x) < 1e-3 ? x.toExponential(2)
          : Math.abs(x) >= 100 ? Math.round(x).toLocaleString("en") : Number(x.toPrecision(3)).toString();
        const count = x => x.toLocaleString("en");
        const duration = s => s < 1 ? "under 1 s" : s < 90 ? `${Math.round(s)} s` : s < 5400 ? `${Math.round(s / 60)} min`
          : `${Math.floor(s / 3600)} h ${Math.round(s % 3600 / 60)} min`;
        const about = s => s < 1 ? duration(s) : `about ${duration(s)}`;
        const bytes = b => {
          let unit = 0;
          while (b >= 1024 && unit < 4) { b /= 1024; unit += 1; }
          return `${unit ? significant(b) : b} ${["B", "KiB", "MiB", "GiB", "TiB"][unit]}`;
        };
        const show = (id, isShown) => { $(id).hidden = !isShown; };

        const lead = (status, current) => {
          const left = status.eta_seconds !== undefined ? `${about(status.eta_seconds)} to go`
            : current && current.eta_seconds !== undefined
            ? `${about(current.eta_seconds)} to the end of ${current.stage}` : "";
          const phase = { running: current ? current.stage : "running", stopping: "stopping", done: "done",
            failed: "failed", interrupted: "interrupted: the same command goes on" }[status.phase];
          return [phase, left, `${duration(status.elapsed_seconds)} so far`].filter(text => text).join(" · ");
        };

        const bar = stage => {
          const share = n => `${stage.total ? 100 * n / stage.total : 100}%`;
          const done = make("div", { className: "done" }), way = make("div", { className: "way" });
          done.style.width = share(stage.done);
          way.style.width = share(stage.under_way);
          const facts = [`${count(stage.done + stage.under_way)} of ${count(stage.total)} ${stage.counted}`];
          if (stage.rate !== undefined) facts.push(`${significant(stage.rate)} a second`);
          if (stage.eta_seconds !== undefined && stage.units_done < stage.units_total)
            facts.push(`${duration(stage.eta_seconds)} to go`);
          return make("div", { className: "stage" }, make("b", { textContent: stage.stage }),
            make("div", { className: "track" }, done, way), make("small", { textContent: facts.join(" · ") }));
        };

        const path = (points, x, y) => points.map((p, i) => `${i ? "L" : "M"}${x(p[0]).toFixed(1)} ${y(p[1]).toFixed(1)}`)
          .join("");
        // Pictures are drawn as wide as they are shown, so that their texts keep their size.
        const wide = () => Math.max(240, $("stages").clientWidth);
        const extent = values => {
          const [low, high] = [Math.min(...values), Math.max(...values)];
          return high - low < 1e-12 ? [low - .5, high + .5] : [low, high];
        };
        const label = (text, x, y, anchor) => draw("text", { x, y, "text-anchor": anchor }, text);
        // Axes, their ends named, and the scales that go with them.
        const plot = (w, xs, ys, { title, from, value }) => {
          const [h, left, bottom] = [220, 52, 24];
          const [x0, x1] = [Math.min(...xs), Math.max(...xs)], [y0, y1] = extent(ys);
          const x = v => left + (w - left - 8) * (x1 > x0 ? (v - x0) / (x1 - x0) : 1);
          const y = v => 8 + (h - bottom - 8) * (1 - (v - y0) / (y1 - y0));
          const svg = draw("svg", { viewBox: `0 0 ${w} ${h}`, role: "img" }, draw("title", {}, title),
            draw("line", { class: "axis", x1: left, x2: w - 8, y1: h - bottom, y2: h - bottom }),
            label(value(y1), left - 6, 14, "end"), label(value(y0), left - 6, h - bottom, "end"),
            label(from(count(x0)), left, h - 8, "start"), label(count(x1), w - 8, h - 8, "end"));
          return { svg, x, y };
        };
        const curve = points => {
          const isLog = points.every(p => p[1] > 0);
          const scaled = isLog ? Math.log10 : v => v;
          const logs = points.map(p => [p[0], scaled(p[1])]);
          const { svg, x, y } = plot(wide(), logs.map(p => p[0]), logs.map(p => p[1]), {
            title: `loss from step ${points[0][0]} to ${points[points.length - 1][0]}`, from: x => `step ${x}`,
            value: v => significant(isLog ? 10 ** v : v) });
          svg.append(draw("path", { class: "curve s0", d: path(logs, x, y) }));
          return svg;
        };

        const several = (channels, channel) => channels > 1 ? ` ${channel}` : "";
        // A score's conditions as items come in, each with its interval as a band.
        const scores = (one, channels) => {
          const name = `${one.stage}${several(channels, one.channel)}: ${one.metric} by items`;
          const places = one.conditions.map((_, i) => 1 + 3 * i);
          const { svg, x, y } = plot(wide(), one.curve.map(p => p[0]), one.curve.flatMap(p => p.slice(1)), {
            title: name, from: x => `${x} items`, value: significant });
          for (const [i, at] of places.entries()) {
            const low = one.curve.map(p => [p[0], p[at + 1]]), high = one.curve.map(p => [p[0], p[at + 2]]);
            svg.append(draw("path", { class: `band s${i}`, d: `${path(high.concat(low.reverse()), x, y)}Z` }));
          }
          for (const [i, at] of places.entries())
            svg.append(draw("path", { class: `curve s${i}`, d: path(one.curve.map(p => [p[0], p[at]]), x, y) }));
          const last = one.curve[one.curve.length - 1];
          const key = make("figcaption", {}, name);
          for (const [i, at] of places.entries()) key.append(make("span", { className: `key s${i}`,
            textContent: `${one.conditions[i]} ${significant(last[at])}` }));
          return make("figure", {}, key, svg);
        };

        const score = (one, channels) => {
          const [w, h, mid] = [wide(), 64, 22];
          const reach = Math.max(...[one.low, one.high].map(Math.abs), 1e-9) * 1.1;
          const x = v => w / 2 + (w / 2 - 30) * v / reach;
          const name = `${one.stage}${several(channels, one.channel)}`;
          const svg = draw("svg", { viewBox: `0 0 ${w} ${h}`, role: "img" }, draw("title", {}, name),
            draw("line", { class: "zero", x1: x(0), x2: x(0), y1: 4, y2: h - 22 }),
            draw("line", { class: "interval", x1: x(one.low), x2: x(one.high), y1: mid, y2: mid }),
            draw("circle", { class: "dot s0", cx: x(one.mean), cy: mid, r: 5 }));
          // Numbers that would lie upon one another are left out; the text has them.
          const shown = [];
          for (const v of [0, one.low, one.high])
            if (shown.every(other => Math.abs(x(other) - x(v)) > 48)) shown.push(v);
          svg.append(...shown.map(v => label(significant(v), x(v), h - 8, "middle")));
          return make("div", {}, make("p", { textContent: `${name}, ${count(one.items)} of ${count(one.items_total)} items: `
              + `${one.contrast} ${one.mean > 0 ? "+" : ""}${significant(one.mean)} [${significant(one.low)}, `
              + `${significant(one.high)}] on ${one.metric}; better on ${one.better}, worse on ${one.worse}` }), svg);
        };

        const straggler = workers => {
          const paced = workers.filter(w => w.state === "working" && w.rate !== undefined);
          const rates = paced.map(w => w.rate).sort((a, b) => a - b);
          const median = rates[Math.floor(rates.length / 2)];
          const silent = workers.filter(w => w.state !== "lost" && w.last_heard_seconds > 3)
            .sort((a, b) => b.last_heard_seconds - a.last_heard_seconds)[0];
          if (silent) return `${silent.worker} was not heard for ${duration(silent.last_heard_seconds)}`;
          const slow = paced.length > 1 && paced.find(w => w.rate === rates[0]);
          return slow && slow.rate * 1.5 < median
            ? `slowest: ${slow.worker}, ${significant(slow.rate)} units/s where half of them do ${significant(median)}` : "";
        };

        const row = worker => {
          const at = worker.unit === undefined ? "–" : worker.unit
            + (worker.unit_share !== undefined ? ` ${Math.floor(100 * worker.unit_share)} %` : "");
          const cells = [worker.worker, worker.device, worker.state, at, count(worker.units_done),
            worker.rate === undefined ? "–" : significant(worker.rate),
            worker.memory_bytes === undefined ? "–" : bytes(worker.memory_bytes),
            `${duration(worker.last_heard_seconds)} ago`, `${bytes(worker.bytes_in)} / ${bytes(worker.bytes_out)}`];
          return make("tr", { className: worker.state }, ...cells.map(textContent => make("td", { textContent })));
        };

        const fault = one => make("li", { textContent: `after ${duration(one.at_seconds)}: `
          + (one.worker ? `${one.worker} ` : "") + one.what });

        const render = ({ status, history, report, workers_left_out }) => {
          const current = status.stages.find(stage => stage.units_done < stage.units_total);
          $("lead").textContent = lead(status, current);
          document.title = status.phase === "running" && current
            ? `${current.stage} ${Math.floor(100 * (current.done + current.under_way) / Math.max(1, current.total))} %`
            : status.phase;
          $("bars").replaceChildren(...status.stages.map(bar));
          const units = status.stages.filter(stage => stage.stage !== "train")
            .reduce((sum, stage) => sum + stage.units_done, 0);
          $("disk").textContent = `${count(units)} finished units are on the disk; a coordinator that stops goes on `
            + "from there with the same command.";
          show("scores", status.scores.length > 0);
          $("score").replaceChildren(...status.scores.map(one => score(one, status.scores.length)));
          $("course").replaceChildren(...history.scores.filter(one => one.curve.length > 1).map(one =>
            scores(one, history.scores.filter(other => other.stage === one.stage).length)));
          show("loss", history.loss.length > 1);
          if (history.loss.length > 1) $("curve").replaceChildren(curve(history.loss));
          $("workers").replaceChildren(...status.workers.map(row));
          $("others").textContent = workers_left_out ? `${count(workers_left_out)} more, most of them gone` : "";
          $("straggler").textContent = status.workers.length ? straggler(status.workers) : "no worker has come yet";
          const faults = status.alarms.concat(status.faults.slice().reverse());
          show("faults", faults.length > 0);
          $("fault").replaceChildren(...faults.slice(0, 30).map(fault));
          if (report) location.replace("/report");
        };

        let heard = Date.now();
        let hasEnded = false;
        const events = new EventSource("/events");
        events.onmessage = event => {
          heard = Date.now();
          const told = JSON.parse(event.data);
          hasEnded = ["done", "failed", "interrupted"].includes(told.status.phase);
          render(told);
        };
        setInterval(() => {
          const silence = (Date.now() - heard) / 1000;
          show("contact", silence > 3);
          $("contact").textContent = hasEnded ? "The run has ended, and its coordinator with it."
            : `The coordinator was not heard for ${duration(silence)}. What is finished is on its disk; this page goes on `
              + "when it is there again.";
        }, 500);
        """
}
