import ArgumentParser
import Console
import Evaluation
import PlainText
import Run
import Tasks

/// What a run does, and where its W comes from.
struct WorkArguments: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "What to do: \(Self.experimentNames.joined(separator: ", ")) (default: all whose files are named).",
            valueName: "name"), completion: .list(Self.experimentNames))
    var experiments: [ValueList<String>] = []

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            """
            W's that are there, in place of training: safetensors files as a run writes them or as PyTorch's \
            nn.Linear gives them, one for each channel, or each link of one.
            """, valueName: "file"), completion: .file(extensions: ["safetensors"]))
    var projection: [String] = []

    @Flag(help: "No W: A's activation goes into B as it is.")
    var noProjection = false

    func validate() throws {
        if noProjection, !projection.isEmpty {
            throw ValidationError("--projection and --no-projection exclude each other")
        }
    }

    var projectionSource: ProjectionSource {
        noProjection ? .none : projection.isEmpty ? .trained : .files(projection)
    }

    /// What `--experiments` may name, in the order of a run; tasks of the user's own come behind.
    private static let experimentNames = ["projection", "similarity"] + TaskDefinition.all.map(\.name)

    /// Those that were asked for; without any those whose files are named.
    /// - Parameters:
    ///   - fits: whether there is what W learns from.
    ///   - own: the names of the tasks of the user's own.
    func chosenExperiments(_ data: DataArguments, fits: Bool, own: [String]) throws -> [Experiment] {
        let known = Self.experimentNames + own
        let all = known.map(Experiment.init)
        let names = experiments.elements()
        guard !names.isEmpty else {
            return all.filter { experiment in
                switch experiment {
                case .projection: fits
                case .similarity: true
                case .evaluate(let task): own.contains(task) || data.tasks.contains { $0.task == task }
                }
            }
        }
        for name in names where !known.contains(name) {
            throw UsageError(
                "--experiments: '\(name)' is none of \(known.joined(separator: ", "))"
                    + NearestName.question(name, among: known))
        }
        return all.filter { names.contains($0.rawValue) }
    }
}
