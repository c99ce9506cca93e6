package import Foundation

/// CURVE keys in files and in the environment: never in arguments, which every user of the machine can read.
///
/// A key is a line of three words, the last one free, so that a secret key is never taken for a public one:
///
///     curve-public Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID worker-7
///
/// Empty lines, and lines that begin with `#`, say nothing.
package enum CurveKeyFile {
    /// What the name of a file ends in: a secret key, and the public one of the same pair.
    package static let secretSuffix = ".secret"
    package static let publicSuffix = ".public"

    private static let secretWord = "curve-secret"
    private static let publicWord = "curve-public"
    /// A list of thousands of keys fits.
    private static let maximumBytes = 1 << 20

    // MARK: Reading

    /// The key pair of the one secret key in the file at `path`, which only its owner may have access to.
    package static func pair(at path: String) throws(KeyError) -> CurveKeyPair {
        let mode = try mode(of: path)
        guard mode & 0o077 == 0 else { throw .accessible(path: path, mode: mode) }
        let keys = try lines(of: contents(of: path), at: path, expected: secretWord)
        guard keys.count == 1 else { throw .notOneKey(place: path, kind: "secret", found: keys.count) }
        return try pair(keys[0], at: path)
    }

    /// The one public key in the file at `path`.
    package static func publicKey(at path: String) throws(KeyError) -> CurvePublicKey {
        let keys = try publicKeys(at: path)
        guard keys.count == 1 else { throw .notOneKey(place: path, kind: "public", found: keys.count) }
        return keys[0]
    }

    /// The public keys in the file at `path`, one a line, at least one unless none will do. Whoever may change the file
    /// decides who is let in, so that others than its owner must not.
    package static func publicKeys(at path: String, orNone: Bool = false) throws(KeyError) -> [CurvePublicKey] {
        let mode = try mode(of: path)
        guard mode & 0o022 == 0 else { throw .changeable(path: path, mode: mode) }
        let keys = try publicKeys(in: contents(of: path), at: path)
        guard !keys.isEmpty || orNone else { throw .notOneKey(place: path, kind: "public", found: 0) }
        return keys
    }

    /// The public keys in a file's `text`.
    /// - Parameter place: what the text is called in errors.
    package static func publicKeys(in text: String, at place: String) throws(KeyError) -> [CurvePublicKey] {
        var keys: [CurvePublicKey] = []
        for key in try lines(of: text, at: place, expected: publicWord) {
            do {
                keys.append(try CurvePublicKey(z85: key))
            } catch {
                throw .notAKey(place: place, cause: "\(error)")
            }
        }
        return keys
    }

    /// The key pair of the secret key in the environment variable `name`, bare or as in a file; nil without one.
    package static func pair(variable name: String, in environment: [String: String]) throws(KeyError) -> CurveKeyPair?
    {
        guard let value = environment[name], !value.isEmpty else { return nil }
        let keys = isBare(value) ? [value] : try lines(of: value, at: name, expected: secretWord)
        guard keys.count == 1 else { throw .notOneKey(place: name, kind: "secret", found: keys.count) }
        return try pair(keys[0], at: name)
    }

    /// The public keys in the environment variable `name`, one a line, bare or as in a file; nil without any.
    package static func publicKeys(
        variable name: String, in environment: [String: String]
    ) throws(KeyError) -> [CurvePublicKey]? {
        guard let value = environment[name], !value.isEmpty else { return nil }
        let lines = value.split(whereSeparator: \.isNewline).map {
            isBare(String($0)) ? "\(publicWord) \($0)" : "\($0)"
        }
        let keys = try publicKeys(in: lines.joined(separator: "\n"), at: name)
        guard !keys.isEmpty else { throw .notOneKey(place: name, kind: "public", found: 0) }
        return keys
    }

    private static func isLikeAKey(_ text: String) -> Bool {
        let words = text.split(whereSeparator: \.isWhitespace)
        return words.contains { $0 == secretWord || isBare(String($0)) } || (38...42).contains(text.utf8.count)
    }

    private static func isBare(_ text: String) -> Bool {
        (try? CurvePublicKey(z85: text)) != nil
    }

    private static func pair(_ key: String, at place: String) throws(KeyError) -> CurveKeyPair {
        do {
            return try CurveKeyPair(secretKey: CurveSecretKey(z85: key))
        } catch {
            throw .notAKey(place: place, cause: "\(error)")
        }
    }

    /// The second word of each line that says something; its first must be `expected`. No error repeats a line: it
    /// may hold a secret key.
    private static func lines(of text: String, at place: String, expected: String) throws(KeyError) -> [String] {
        var keys: [String] = []
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let words = line.split(maxSplits: 2, whereSeparator: \.isWhitespace)
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            guard first == expected, words.count >= 2 else {
                let found =
                    [secretWord, publicWord].contains(String(first)) && first != expected
                    ? "a line that begins with \(first)" : "another line"
                throw .notALine(place: place, line: index + 1, expected: expected, found: found)
            }
            keys.append(String(words[1]))
        }
        return keys
    }

    private static func mode(of path: String) throws(KeyError) -> UInt32 {
        var status = stat()
        guard stat(path, &status) == 0 else {
            // Whoever gives the key in place of its file must not find it in a log.
            throw isLikeAKey(path) ? .keyInPlaceOfFile : .unreadable(path: path, cause: systemMessage(errno))
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .unreadable(path: path, cause: "it is no file") }
        return status.st_mode & 0o777
    }

    private static func contents(of path: String) throws(KeyError) -> String {
        _ = try mode(of: path)
        do {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            let data = try handle.read(upToCount: maximumBytes + 1) ?? Data()
            guard data.count <= maximumBytes else {
                throw KeyError.unreadable(path: path, cause: "it has more than \(maximumBytes) bytes")
            }
            guard let text = String(data: data, encoding: .utf8) else {
                throw KeyError.unreadable(path: path, cause: "it is not UTF-8")
            }
            return text
        } catch let error as KeyError {
            throw error
        } catch {
            throw .unreadable(path: path, cause: error.localizedDescription)
        }
    }

    // MARK: Writing

    /// Makes a key pair for each name and writes it to `name.secret` and `name.public` in `folder`, which is made
    /// where it is missing. Only the owner may read the files. Nothing is written where any of them is there already.
    /// - Returns: the paths, secret and public in turn.
    package static func generate(names: [String], in folder: URL) throws -> [(secret: String, public: String)] {
        let paths = names.map { name in
            (
                secret: folder.appendingPathComponent(name + secretSuffix).path,
                public: folder.appendingPathComponent(name + publicSuffix).path
            )
        }
        for path in paths.flatMap({ [$0.secret, $0.public] }) {
            var status = stat()
            guard lstat(path, &status) != 0 else { throw KeyError.alreadyThere(path: path) }
        }
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        for (name, path) in zip(names, paths) {
            let pair = try CurveKeyPair.generate()
            try write("\(secretWord) \(pair.secretKey.z85) \(name)\n", to: path.secret)
            try write("\(publicWord) \(pair.publicKey.z85) \(name)\n", to: path.public)
        }
        return paths
    }

    private static func write(_ line: String, to path: String) throws(KeyError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw errno == EEXIST
                ? .alreadyThere(path: path) : .unwritable(path: path, cause: systemMessage(errno))
        }
        defer { close(descriptor) }
        let bytes = Array(line.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else {
            throw .unwritable(path: path, cause: systemMessage(errno))
        }
    }
}

/// What is wrong with a key, or with where it was looked for. No description repeats a key.
package enum KeyError: Error, Equatable, Sendable, CustomStringConvertible {
    case unreadable(path: String, cause: String)
    case unwritable(path: String, cause: String)
    /// Others than the owner may read, or change, the file of a secret key.
    case accessible(path: String, mode: UInt32)
    /// Others than the owner may change a list of keys.
    case changeable(path: String, mode: UInt32)
    /// No such file, and what was given for its name may be the key itself.
    case keyInPlaceOfFile
    case alreadyThere(path: String)
    case notALine(place: String, line: Int, expected: String, found: String)
    case notOneKey(place: String, kind: String, found: Int)
    case notAKey(place: String, cause: String)
    /// Of the two keys that a connection needs one is missing.
    case incomplete(given: String, missing: String)

    package var description: String {
        switch self {
        case .unreadable(let path, let cause): "\(printable(path)): cannot read keys: \(cause)"
        case .unwritable(let path, let cause): "\(printable(path)): cannot write a key: \(cause)"
        case .accessible(let path, let mode):
            "\(printable(path)): other users have access to this secret key (mode 0\(String(mode, radix: 8))); "
                + "run: chmod 600 \(printable(path))"
        case .changeable(let path, let mode):
            "\(printable(path)): other users may change this list of keys (mode 0\(String(mode, radix: 8))); "
                + "run: chmod go-w \(printable(path))"
        case .keyInPlaceOfFile:
            "no such file, and what was given has the length of a key: give the path of a file that holds the key, which "
                + "is not repeated here (if it was the key itself, make another one: it may stand in your shell's history)"
        case .alreadyThere(let path):
            "\(printable(path)) is there already and is not overwritten; name another folder, or move it away"
        case .notALine(let place, let line, let expected, let found):
            "\(printable(place)), line \(line): expected '\(expected) KEY [name]', found \(found)"
        case .notOneKey(let place, let kind, let found):
            "\(printable(place)): expected \(found == 0 ? "a" : "one") \(kind) key, found \(found == 0 ? "none" : "\(found)")"
        case .notAKey(let place, let cause): "\(printable(place)): \(cause)"
        case .incomplete(let given, let missing): "\(given) is given without \(missing); both are needed"
        }
    }
}
