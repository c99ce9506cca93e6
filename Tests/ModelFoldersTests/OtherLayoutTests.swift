import Foundation
import TestSupport
import Testing

@testable import ModelFolders

/// What is there in place of a model's folder is named, with what helps.
struct OtherLayoutTests {
    private func failure(_ files: [String: String], at place: String = "") throws -> String {
        let folder = try TemporaryFolder()
        for (name, text) in files {
            let file = folder.file(name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        let path = folder.file(place).path
        let error = "\(try #require(throws: ModelFolderError.self) { try ModelFolder(path: path) })"
        #expect(error.hasPrefix(path.hasSuffix("/") ? String(path.dropLast()) : path), "\(error)")
        #expect(!error.contains("\n"))
        return error
    }

    @Test func `a LoRA adapter`() throws {
        let error = try failure(["adapter_config.json": "{}", "adapter_model.safetensors": ""])
        #expect(error.contains("a LoRA adapter") && error.contains("merge_and_unload()"), "\(error)")
    }

    @Test func `the publisher's own layout`() throws {
        #expect(try failure(["params.json": "{}", "tekken.json": "{}"]).contains("hf download OWNER/NAME"))
        let nested = try failure(
            ["config.json": "{}", "original/consolidated.00.pth": "", "original/params.json": "{}"], at: "original")
        #expect(nested.contains("consolidated.00.pth") && nested.contains("name the folder above it: /"), "\(nested)")
    }

    @Test func `a GGUF file, by its folder and by itself`() throws {
        #expect(
            try failure(["m.Q4_K_M.gguf": "GGUF"]).contains("holds a GGUF file (m.Q4_K_M.gguf); take the model's own"))
        #expect(
            try failure(["m.gguf": "GGUF\u{3}"], at: "m.gguf").contains("m.gguf: a GGUF file; take the model's own"))
    }

    @Test func `a file in a folder`() throws {
        let error = try failure(["model.safetensors": "{}"], at: "model.safetensors")
        #expect(error.hasSuffix("a file, not a model's folder; name the folder that holds config.json"), "\(error)")
    }

    @Test func `a configuration that Git LFS has not fetched`() throws {
        let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
        #expect(
            try failure(["config.json": pointer]).hasSuffix(
                "config.json: a pointer of Git LFS, not the file itself; fetch the file, in its repository's folder: "
                    + "git lfs pull"))
    }
}
