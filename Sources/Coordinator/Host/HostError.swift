import PlainText
package import Run

/// What keeps a run from being started, continued or finished, beyond what models, data and storage report.
package enum HostError: Error, CustomStringConvertible {
    case unreadableManifest(path: String, cause: String)
    /// A file of the run whose fields are not this version's.
    case otherVersion(path: String, cause: String)
    /// The file is not what a run wrote.
    case editedManifest(path: String)
    /// The folder holds a run's results and not what they are of.
    case missingManifest(folder: String, manifest: String, beside: String)
    /// The folder holds another run.
    case otherRun(folder: String, differences: [String])
    /// - channel: where the layer is a channel's, which `--channel` may have named.
    case layerOutOfRange(flag: String, layer: Int, channel: Channel?, model: String, blocks: Int)
    case unknownTask(String, known: [String])
    /// Neither model has the token.
    case unknownThinkEnd(String)
    /// Figures that cannot be the model's.
    case otherReference(flag: String, file: String, model: String, cause: String)
    case missingFile(flag: String, experiment: Experiment)
    case unknownTrainSplit(String, known: [String])
    case tooFewTrainItems(split: String, found: Int, wanted: Int)
    /// W would learn from what is asked.
    case evaluatedTrainItem(split: String, item: String, task: String, asked: String, others: Int)
    case noActivations(folder: String)
    case otherActivations(folder: String, differences: [String])
    case activationsWithoutTraining
    /// Something needs W, and nothing says where it comes from.
    case noProjectionChosen(needing: String)
    /// W is trained, and said to come from elsewhere.
    case projectionAndTraining(flag: String)
    case projectionCount(files: Int, channels: [Channel])
    case damagedCheckpoint(path: String, cause: String)
    case noWorkerProgram(path: String)
    case unwritableRecord(path: String, cause: String)
    case unreadableRecord(path: String, line: Int, cause: String)
    case notAFolder(path: String)
    /// A checkpoint of another run or channel.
    case otherCheckpoint(path: String, expected: String, found: String)
    case tooLargeForOutputs(what: String, bytes: Int, limit: Int)
    case averagedChannels([Channel])
    /// A W in closed form, and no texts that it could be made of.
    case fitWithoutTexts(ProjectionFit)
    case reverseWithoutTexts
    case tooFewTexts(ProjectionFit, rows: Int, needed: Int, dimensionA: Int, dimensionB: Int)
    case tooWideForSums(ProjectionFit, width: Int, limit: Int)
    case tooManySums(lines: Int, bytes: Int, limit: Int)
    case tooManySites(model: String, count: Int, limit: Int)
    case tooLargeLinks(Channel, bytes: Int, limit: Int)
    case similarityAtSeveralBlocks([Channel])
    /// A folder that holds no run.
    case noRun(path: String)
    /// A folder that holds a run of which not everything is there.
    case unfinished(folder: String)
    /// A file of a finished run that is not what the run wrote.
    case changedFile(path: String)
    /// An item without a right answer has no likelihood of it.
    case noGolds(task: String, file: String, item: String)
    case tooFewItems(task: String, file: String, found: Int)
    /// A prompt of the similarity experiment whose tokens a model cannot take.
    case unreadablePrompt(String, cause: String)
    case contentWithoutChat(TokenPositions)
    case allTokensWithoutSum(InjectionOperation)
    case missingPrompt(item: String, condition: String)
    case unmeasuredTraining(String)

    package var description: String {
        switch self {
        case .unreadableManifest(let path, let cause):
            "\(path): cannot be read as a run's description (\(cause)); name another --output"
        case .otherVersion(let path, let cause):
            "\(path): made by another version of the program (\(cause)); go on with that version, or name another "
                + "--output"
        case .editedManifest(let path):
            "\(path): not what the run wrote, so nobody can tell what its results are of; put the original back, or "
                + "name another --output"
        case .missingManifest(let folder, let manifest, let beside):
            "\(folder) has a run's \(beside) and no \(manifest), so nobody can tell what its results are of; put "
                + "\(manifest) back, or name another --output"
        case .otherRun(let folder, let differences):
            "\(folder) holds another run: it differs in \(differences.joined(separator: "; ")); name another --output, "
                + "or give the same settings to continue"
        case .layerOutOfRange(let flag, let layer, let channel, let model, let blocks):
            "\(flag) \(layer)\(channel.map { " (channel \($0))" } ?? ""): \(model) has \(blocks) blocks; expected 0 "
                + "(the embedding) to \(blocks)"
        case .unknownTask(let name, let known):
            "--experiments: '\(name)' is none of \((["projection", "similarity"] + known).joined(separator: ", "))"
        case .unknownThinkEnd(let token):
            "--think-end \(token): a token of neither model; give it as tokenizer.json writes it"
        case .otherReference(let flag, let file, let model, let cause):
            "\(flag) \(file): not of \(model): \(cause)"
        case .missingFile(let flag, let experiment):
            "experiment \(experiment.rawValue) needs \(flag) FILE, or leave it out of --experiments"
        case .unknownTrainSplit(let split, let known):
            "--fit-on \(PrintableText.quoted(split)): expected c4 or one of \(known.joined(separator: ", "))"
                + NearestName.question(split, among: known)
        case .tooFewTrainItems(let split, let found, let wanted):
            "--fit-on \(split): expected \(wanted) items that the models can read, found \(found); --rows and --held-out "
                + "take fewer"
        case .evaluatedTrainItem(let split, let item, let task, let asked, let others):
            "--fit-on \(split): its item \(item) reads as item \(asked) of \(task), which is evaluated"
                + (others > 0 ? " (\(others) more are so)" : "") + "; take it out of either file"
        case .noActivations(let folder):
            "--activations \(folder): no run that has read texts; name the --output of one, or leave it out"
        case .otherActivations(let folder, let differences):
            "--activations \(folder): read otherwise than this run would: \(differences.joined(separator: ", ")); leave it "
                + "out to read the texts again"
        case .activationsWithoutTraining:
            "--activations: this run trains no W, so it reads no texts; leave it out"
        case .noProjectionChosen(let needing):
            "\(needing) maps A's activation by W, and nothing says which: add --c4 FILE or --fit-on to train one, --projection FILE "
                + "for one that is there, or --no-projection to put A's activation into B as it is"
        case .projectionAndTraining(let flag):
            "\(flag) stands in place of training W on texts (--c4, --fit-on): leave out one of them, or 'projection' of --experiments"
        case .projectionCount(let files, let channels):
            "--projection: \(files) file\(files == 1 ? "" : "s") for \(channels.count) "
                + "channel\(channels.count == 1 ? "" : "s") (\(channels.map(\.description).joined(separator: ", "))); "
                + "expected one for each, in their order"
        case .damagedCheckpoint(let path, let cause):
            "\(path): \(cause); remove the file to train again from the texts already read"
        case .noWorkerProgram(let path):
            "\(path): no worker program there; build it, or use --workers 0 and start workers elsewhere"
        case .unwritableRecord(let path, let cause): "--record-events \(path): \(cause)"
        case .unreadableRecord(let path, let line, let cause): "\(path), line \(line): \(cause)"
        case .notAFolder(let path): "--output \(path): not a folder"
        case .otherCheckpoint(let path, let expected, let found):
            "\(path): a checkpoint of another training: expected \(expected), found \(found); remove the file to train "
                + "again from the texts already read"
        case .tooLargeForOutputs(let what, let bytes, let limit):
            "--training by-outputs: \(what) take \(bytes) bytes, expected at most \(limit); use --training averaged"
        case .averagedChannels(let channels):
            "--training averaged trains the W of one channel, and the run has \(channels.count): "
                + "\(channels.map(\.description).joined(separator: ", ")); use --training by-outputs"
        case .fitWithoutTexts(let fit):
            "--fit \(fit.rawValue): a W is fitted to texts: add --c4 FILE or --fit-on, and 'projection' of --experiments, or leave it out"
        case .reverseWithoutTexts:
            "--reverse: a W is fitted to texts: add --c4 FILE or --fit-on, and 'projection' of --experiments, or leave it out"
        case .tooFewTexts(let fit, let rows, let needed, let dimensionA, let dimensionB):
            fit.needsTextsBeyondWidths
                ? "--fit \(fit.rawValue): \(rows) texts do not determine a map from \(dimensionA) to \(dimensionB) "
                    + "coordinates: expected --rows \(needed) or more, or another fit, such as ridge"
                : "--fit \(fit.rawValue): expected --rows \(needed) or more, a tenth of which is held out, found \(rows)"
        case .tooWideForSums(let fit, let width, let limit):
            "--fit \(fit.rawValue): a space of \(width) coordinates, expected at most \(limit); leave it out"
        case .tooManySums(let lines, let bytes, let limit):
            "--fit: the sums over \(lines) lines take \(bytes) bytes of the disk, expected at most \(limit): take fewer "
                + "channels, with larger steps, or --fit adam"
        case .tooManySites(let model, let count, let limit):
            "--channel: \(count) sites of \(model), expected at most \(limit), since the activations of all of them "
                + "travel in one message; make several runs of them"
        case .tooLargeLinks(let channel, let bytes, let limit):
            "--channel \(channel): the W's of its blocks take \(bytes) bytes, expected at most \(limit), since they travel in "
                + "one message; write at fewer blocks"
        case .similarityAtSeveralBlocks(let channels):
            "--experiments: similarity is asked of one layer after the other, and \(channels.map(\.description).joined(separator: ", ")) "
                + "writes at several at once: leave it out, or add a channel of one block"
        case .noRun(let path): "\(path): no run.json: not the folder of a run"
        case .unfinished(let folder):
            "\(folder): the run is not finished, or its results or inputs.json are gone; give the run's own command, which "
                + "does what is missing"
        case .changedFile(let path):
            "\(path): not what the run wrote; give the run's own command, which writes it again"
        case .noGolds(let task, let file, let item):
            "--\(task) \(file): item \(item) has no right answer, which --endpoints likelihood needs: use --endpoints answers"
        case .tooFewItems(let task, let file, let found):
            "\(file): \(found) usable item\(found == 1 ? "" : "s") for \(task); expected at least 2, since "
                + "every item is also told another one's activation"
        case .unmeasuredTraining(let outcome): "the training could not be measured: it ended as \(outcome)"
        case .missingPrompt(let item, let condition): "item \(item) has no prompt for condition \(condition)"
        case .contentWithoutChat(let positions):
            "--position \(positions): the content ends where the chat template closes it; give --chat, or a position "
                + "from the end such as -1"
        case .allTokensWithoutSum(let operation):
            "--position all with --op \(operation.rawValue): expected --op sum, which leaves what B's own tokens say"
        case .unreadablePrompt(let prompt, let cause):
            "--similarity-prompts \"\(PrintableText.quoted(prompt))\": \(cause); choose another prompt"
        }
    }
}
