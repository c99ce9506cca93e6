import Evaluation
import JSON
import PlainText
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
        /// Of each item; nil where they are not known.
        var readings: [ItemReading]?
    }

    let tables: [Table]

    /// The JSON as it may stand in a script element: no `<` that could end it, and no line separators.
    var data: String {
        var texts = TextList()
        let tables = tables.map { Self.json($0, &texts) }
        let text = JSONValue.members(
            ("texts", .array(texts.list.map(JSONValue.string))), ("tables", .array(tables))
        ).compact
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

    /// The prompts of all items, each text once: channels have them in common, and many items a cue.
    private struct TextList {
        private(set) var list: [String] = []
        private var places: [ExactText: Int] = [:]

        mutating func place(of text: String) -> Int {
            let exact = ExactText(text)
            if let place = places[exact] { return place }
            places[exact] = list.count
            list.append(text)
            return list.count - 1
        }
    }

    private static func json(_ table: Table, _ texts: inout TextList) -> JSONValue {
        let task = table.task
        let names = task.conditions.map(\.name)
        func place(_ name: String) -> JSONValue { names.firstIndex(of: name).map(JSONValue.count) ?? .null }
        let headline = task.metrics.last { $0.scale == .share } ?? task.metrics[0]
        var items: [JSONValue] = []
        for (place, item) in task.items.enumerated() { items.append(json(item, table.readings?[place], &texts)) }
        return .members(
            ("title", .string(table.title)), ("conditions", .array(names.map(JSONValue.string))),
            ("metrics", .array(task.metrics.map { .string($0.title) })),
            ("headline", .count(task.metrics.firstIndex(of: headline) ?? 0)),
            ("injected", place(ConditionTable.injected)), ("other", place(ConditionTable.other)),
            ("silent", place(ConditionTable.silent)), ("items", .array(items)))
    }

    private static func json(_ item: ScoredItem, _ reading: ItemReading?, _ texts: inout TextList) -> JSONValue {
        var prompts: [JSONValue] = []
        for place in reading?.prompts.indices ?? 0..<0 {
            if let reading { prompts.append(json(place, of: reading, &texts)) }
        }
        return .members(
            ("id", .string(item.item.id)), ("golds", .array(item.item.golds.map(JSONValue.string))),
            ("answers", .array(item.answers.map { .array($0.answers.map { .string($0.text) }) })),
            ("values", .array(item.answers.map { .array($0.values.map(JSONValue.optional)) })),
            ("prompts", .array(prompts)),
            ("reads", .array((reading?.answers ?? []).map { .array($0.map(json)) })))
    }

    /// Name, text by its place, code units of the token at which it is read or written and behind it, the token's place, and
    /// after how many blocks it is read and written.
    private static func json(_ place: Int, of reading: ItemReading, _ texts: inout TextList) -> JSONValue {
        let prompt = reading.prompts[place]
        let answers = reading.answers.joined()
        let read = answers.lazy.compactMap { $0.message?.source }.first { $0.prompt == place && $0.read != nil }
        let written = answers.lazy.filter { $0.prompt == place }.compactMap { $0.message?.written }.first
        return .array([
            .string(prompt.name), .count(texts.place(of: prompt.text)), .count(prompt.mark.units),
            .count(prompt.mark.unitsBehind), prompt.mark.token.map(JSONValue.count) ?? .null,
            json(read?.read?.blocks), json(written?.blocks),
        ])
    }

    /// A number, or of several a text.
    private static func json(_ blocks: [Int]?) -> JSONValue {
        guard let blocks else { return .null }
        return blocks.count == 1 ? .count(blocks[0]) : .string(blocks.map(String.init).joined(separator: ", "))
    }

    /// The prompt's place, and of a message whose it is, by the item's place, the tokens at which it was read and written,
    /// its norm, and its words.
    private static func json(_ answer: ItemReading.AnswerReading) -> JSONValue {
        let message = answer.message
        var (norm, words): (JSONValue, JSONValue) = (.null, .null)
        switch message?.told {
        case .vector(_, let length): norm = .number(length)
        case .words(let text): words = .string(text)
        case nil: break
        }
        return .array([
            .count(answer.prompt), (message?.partner).map(JSONValue.count) ?? .null,
            json(message?.source?.read), json(message?.written), norm, words,
        ])
    }

    /// The token's place, or the first and the last one's.
    private static func json(_ position: ItemReading.Position?) -> JSONValue {
        guard let tokens = position?.tokens else { return .null }
        return tokens.count == 1
            ? .count(tokens.lowerBound) : .string("\(tokens.lowerBound) to \(tokens.upperBound - 1)")
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
        const {texts, tables} = JSON.parse(document.getElementById("data").textContent);
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
            return !wanted || [item.id, ...item.golds, ...item.answers.flat(), ...item.prompts.map(prompt => texts[prompt[1]])]
              .some(text => text.toLowerCase().includes(wanted));
          })];
        }
        function prompt([name, text, units, behind, token, read, written]) {
          const box = make("div", undefined, "prompt");
          box.append(make("h4", `${name[0].toUpperCase()} reads (${name})`));
          const whole = texts[text], places = [];
          if (read !== null) places.push(`read after ${read} blocks`);
          if (written !== null) places.push(`written after ${written} blocks`);
          if (!places.length) { box.append(make("span", whole)); return box; }
          const end = whole.length - behind, begin = end - units;
          box.append(make("span", whole.slice(0, begin)), make("mark", whole.slice(begin, end)),
            make("small", ` ◀ ${token === null ? "tokens from the end" : `token ${token}`}: ${places.join(", ")}`), make("span", whole.slice(end)));
          return box;
        }
        function origin(table, item, [place, partner, read, written, norm, words]) {
          const parts = [`reads ${item.prompts[place][0]}`];
          if (partner !== null) parts.push(`message of ${table.items[partner].id}`);
          if (read !== null) parts.push(`read at token ${read}`);
          if (written !== null) parts.push(`written at token ${written}`);
          if (norm !== null) parts.push(`norm ${norm.toPrecision(4)}`);
          if (words !== null) parts.push(`told “${words}”`);
          return make("small", parts.join(" · "));
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
          prompts.append(...item.prompts.map(prompt));
          const cells = make("div", undefined, "side");
          table.conditions.forEach((name, place) => {
            const cell = make("div", undefined, "cell");
            cell.append(make("h4", name));
            item.answers[place].forEach((text, number) => {
              cell.append(make("p", text));
              const read = item.reads[place]?.[number];
              if (read) cell.append(origin(table, item, read));
            });
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
            channel.tasks.enumerated().map { place, task in
                ItemBrowser.Table(
                    title: task.task.title + (hasSeveralChannels ? " (channel \(channel.channel))" : ""), task: task,
                    readings: channel.readings(ofTask: place))
            }
        }
        return tables.isEmpty ? nil : ItemBrowser(tables: tables)
    }
}
