import Evaluation
import JSON
import Run

/// The page's last part: every item with all of its conditions side by side, to be searched and filtered. It works from
/// the file alone; items are drawn some at a time, so that ten thousand are no more to look at than ten.
///
/// The items stand in the page as JSON that nothing executes, and get into it as text alone.
struct ItemBrowser {
    /// A task over a channel, as the page names it.
    struct Table {
        var title: String
        var task: TaskScores
        /// Whether B's own prompt is this one of the item's.
        var bPrompt: BPrompt
        /// Where A is read and B is written, in words.
        var sites: (a: String, b: String)
    }

    let tables: [Table]

    /// The JSON as it may stand in a script element: no `<` that could end it, and no line separators.
    var data: String {
        let text = JSONValue.array(tables.map(Self.json)).compact
        var escaped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<", "\u{2028}", "\u{2029}":
                escaped.append(contentsOf: "\\u\(String(scalar.value + 0x10000, radix: 16).suffix(4))".unicodeScalars)
            default: escaped.append(scalar)
            }
        }
        return String(escaped)
    }

    private static func json(_ table: Table) -> JSONValue {
        let task = table.task
        let names = task.conditions.map(\.name)
        func place(_ name: String) -> JSONValue { names.firstIndex(of: name).map(JSONValue.count) ?? .null }
        let headline = task.metrics.last { $0.scale == .share } ?? task.metrics[0]
        return .members(
            ("title", .string(table.title)), ("readA", .string(table.sites.a)), ("writeB", .string(table.sites.b)),
            ("conditions", .array(names.map(JSONValue.string))),
            ("metrics", .array(task.metrics.map { .string($0.title) })),
            ("headline", .count(task.metrics.firstIndex(of: headline) ?? 0)),
            ("injected", place(ConditionTable.injected)), ("other", place(ConditionTable.other)),
            ("silent", place(ConditionTable.silent)),
            ("items", .array(task.items.map { json($0, table) })))
    }

    private static func json(_ item: ScoredItem, _ table: Table) -> JSONValue {
        let prompts = table.task.task.prompts(item.item)
        return .members(
            ("id", .string(item.item.id)), ("a", .string(prompts.a)), ("b", .string(prompts[table.bPrompt.role])),
            ("golds", .array(item.item.golds.map(JSONValue.string))),
            ("answers", .array(item.answers.map { .array($0.answers.map { .string($0.text) }) })),
            ("values", .array(item.answers.map { .array($0.values.map(JSONValue.optional)) })))
    }

    /// The section's bare parts; the script fills them.
    static let markup = """
        <section id="browser">
        <h2>Items</h2>
        <p class="lead">All conditions of an item side by side; of a condition with several messages, all answers.</p>
        <noscript><p>This part needs JavaScript, which this page brings along. The same stands in
        <code>samples_*.jsonl</code>.</p></noscript>
        <form id="filters">
        <label>Task <select id="task"></select></label>
        <label><input type="checkbox" id="discordant"> own and others' messages differ</label>
        <label><input type="checkbox" id="changed"> the message changed the answer</label>
        <label>Search <input type="search" id="search"></label>
        </form>
        <p id="count" role="status"></p>
        <div id="items"></div>
        <p class="pages"><button type="button" id="previous">Previous</button> <span id="page"></span>
        <button type="button" id="next">Next</button></p>
        </section>

        """

    static let script = """
        "use strict";
        const tables = JSON.parse(document.getElementById("data").textContent);
        const perPage = 20;
        let page = 0;
        const part = id => document.getElementById(id);
        function make(tag, text, style) {
          const element = document.createElement(tag);
          if (text !== undefined) element.textContent = text;
          if (style) element.className = style;
          return element;
        }
        function chosen() {
          const table = tables[part("task").value];
          const wanted = part("search").value.toLowerCase();
          const places = ["injected", "other", "silent"].map(name => table[name]);
          return [table, table.items.filter(item => {
            const value = place => place === null ? undefined : item.values[place][table.headline];
            const text = place => place === null ? undefined : item.answers[place][0];
            if (part("discordant").checked && value(places[0]) === value(places[1])) return false;
            if (part("changed").checked && text(places[0]) === text(places[2])) return false;
            return !wanted || JSON.stringify(item).toLowerCase().includes(wanted);
          })];
        }
        function prompt(title, text, mark) {
          const box = make("div", undefined, "prompt");
          box.append(make("h4", title), make("span", text), make("mark", mark));
          return box;
        }
        function draw() {
          const [table, items] = chosen();
          const pages = Math.max(1, Math.ceil(items.length / perPage));
          page = Math.min(page, pages - 1);
          part("count").textContent = `${items.length} of ${table.items.length} items`;
          part("page").textContent = `${page + 1} of ${pages}`;
          part("previous").disabled = page === 0;
          part("next").disabled = page === pages - 1;
          part("items").replaceChildren(...items.slice(page * perPage, (page + 1) * perPage).map(item => {
            const entry = make("details");
            entry.append(make("summary", `${item.id}: ${item.golds.join(" | ")}`));
            entry.addEventListener("toggle", () => { if (entry.open && entry.children.length === 1) fill(entry, table, item); });
            return entry;
          }));
        }
        function fill(entry, table, item) {
          const prompts = make("div", undefined, "side");
          prompts.append(prompt("A reads", item.a, table.readA), prompt("B reads", item.b, table.writeB));
          const cells = make("div", undefined, "side");
          table.conditions.forEach((name, place) => {
            const cell = make("div", undefined, "cell");
            cell.append(make("h4", name));
            item.answers[place].forEach(text => cell.append(make("p", text)));
            const list = make("dl");
            table.metrics.forEach((metric, number) => {
              const value = item.values[place][number];
              if (value === null) return;
              list.append(make("dt", metric), make("dd", Number.isInteger(value) ? value : value.toPrecision(3)));
            });
            cell.append(list);
            cells.append(cell);
          });
          entry.append(prompts, cells);
        }
        tables.forEach((table, place) => {
          const option = make("option", table.title);
          option.value = place;
          part("task").append(option);
        });
        for (const id of ["task", "discordant", "changed", "search"]) {
          part(id).addEventListener("input", () => { page = 0; draw(); });
        }
        part("filters").addEventListener("submit", event => event.preventDefault());
        part("previous").addEventListener("click", () => { page -= 1; draw(); });
        part("next").addEventListener("click", () => { page += 1; draw(); });
        draw();

        """
}

extension RunReport {
    /// The browser of all items; nil where there are none.
    var browser: ItemBrowser? {
        let tables = channels.flatMap { channel in
            channel.tasks.map { task in
                ItemBrowser.Table(
                    title: task.task.title + (hasSeveralChannels ? " (channel \(channel.channel))" : ""), task: task,
                    bPrompt: configuration.evaluation.bPrompt,
                    sites: (
                        a: " ◀ A is read here after \(channel.channel.k) blocks",
                        b: " ◀ B is written here after \(channel.channel.j) blocks"
                    ))
            }
        }
        return tables.isEmpty ? nil : ItemBrowser(tables: tables)
    }
}
