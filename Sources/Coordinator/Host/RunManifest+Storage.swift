extension RunManifest {
    /// The manifest of this run as it lies in `storage`; nil where there is none.
    /// - Throws: where there is one of another run, and what ``read(from:)`` throws.
    func existing(in storage: some RunStorage) throws -> RunManifest? {
        guard let existing = try Self.read(from: storage) else { return nil }
        guard existing.run == run else {
            throw HostError.otherRun(folder: storage.path, differences: try differences(from: existing))
        }
        return existing
    }

    /// Puts the manifest of a run that begins into `storage`.
    /// - Parameter besideRecords: whether there are results of some run.
    /// - Throws: where a run was begun there, whose own manifest is gone.
    func begun(in storage: some RunStorage, besideRecords: Bool) throws -> RunManifest {
        guard !besideRecords, !storage.contains(RunFiles.checkpoint) else {
            throw HostError.missingManifest(
                folder: storage.path, manifest: RunFiles.manifest,
                beside: besideRecords ? RunFiles.journal : RunFiles.checkpoint)
        }
        try write(to: storage)
        return self
    }
}
