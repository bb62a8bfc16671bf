// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
import CopyEngine
import EventLoop
import LocalFiles
import SFTPProtocol
import SSHClient
import SSHConfig
import Wire

/// `hawser complete-path`: what the shells' completions ask what a word on `hawser cp`'s command line may
/// become.
struct CompletePath: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "complete-path", abstract: "Print what a beginning of host:path may become.",
        discussion: "For the completions of shells; the options are those of hawser cp.",
        version: versionText, shouldDisplay: false)

    @Argument(parsing: .captureForPassthrough, help: "Options of hawser cp, and the word.")
    var words: [String]

    func run() throws {
        // Nobody can be asked for anything, and nobody waits for long.
        let words = ["-B", "-q", "-o", "ConnectTimeout=5"] + words + ["."]
        guard let command = try Copy.parseAsRoot(words) as? Copy, let word = command.operands.first
        else { return }
        for candidate in CopyProcess.candidates(for: word, command) where Self.isPlain(candidate) {
            print(candidate)
        }
    }

    /// Whether a shell's script can take it as a line, and a terminal show it.
    private static func isPlain(_ text: String) -> Bool {
        TerminalText.line(text, limit: .max) == text
    }
}

extension CopyProcess {
    /// How long it may take to find the files of a server.
    private static let completionTime = Duration.seconds(10)
    /// How many are offered.
    private static let mostCandidates = 10_000

    /// What a word may become: hosts while there is no colon, and files of the server behind it.
    ///
    /// Whatever goes wrong, there is nothing to offer.
    static func candidates(for word: String, _ command: Copy) -> [String] {
        guard let argument = try? CopyArgument(word), argument.host != nil else {
            guard !word.contains("/") else { return [] }
            return hostNames(command).map { $0 + ":" }.filter { $0.hasPrefix(word) }
        }
        guard let loop = try? EpollLoop() else { return [] }
        var options = CopyOptions(random: { 0 })
        options.isDry = true
        let process = CopyProcess(options, command, loop)
        let found = try? loop.run {
            try await loop.withTimeout(completionTime) {
                try await process.candidates(for: word, argument)
            }
        }
        return found ?? []
    }

    private func candidates(for word: String, _ argument: CopyArgument) async throws -> [String] {
        let slash = UInt8(ascii: "/")
        let start = argument.path.lastIndex(of: slash).map { $0 + 1 } ?? 0
        let beginning = argument.path[start...]
        let store = try await store(on: argument)
        let path = try await store.expand(unescaped(argument.path[..<start]))
        let listing = try await store.folder(at: path).list()
        var result: [String] = []
        let kept = word.keptBytes.dropLast(beginning.count)
        while let entries = try await listing.next(), result.count < Self.mostCandidates {
            for entry in entries where isSafeComponent(entry.filename) {
                let name = escaped(entry.filename)
                guard name.starts(with: beginning),
                    entry.filename.first != UInt8(ascii: ".") || !beginning.isEmpty
                else { continue }
                let end: [UInt8] = entry.attributes.isFolder ? [slash] : []
                result.append(String(keepingBytesOf: (kept + name + end)[...]))
            }
        }
        await listing.close()
        await hangUp()
        return result.sorted()
    }

    private static let patternBytes = Set("*?[]\\".utf8)

    /// A name so that it is no pattern.
    private func escaped(_ name: Bytes) -> [UInt8] {
        name.flatMap { Self.patternBytes.contains($0) ? [UInt8(ascii: "\\"), $0] : [$0] }
    }

    private func unescaped(_ path: ArraySlice<UInt8>) -> Bytes {
        var result: [UInt8] = []
        var rest = path
        while let byte = rest.popFirst() {
            result.append(byte == UInt8(ascii: "\\") ? rest.popFirst() ?? byte : byte)
        }
        return result[...]
    }

    /// The hosts that the user's files name.
    private static func hostNames(_ command: Copy) -> [String] {
        guard let home = LocalContext.environmentVariables["HOME"] else { return [] }
        let configuration = command.configFile ?? "\(home)/.ssh/config"
        return HostNames.inConfiguration(text(of: configuration))
            + HostNames.inKnownHosts(text(of: "\(home)/.ssh/known_hosts"))
    }

    /// The most that is read of a file, in bytes.
    private static let longestFile = 4 << 20

    private static func text(of path: String) -> String {
        guard
            let file = try? LocalFile(
                opening: path.keptBytes[...], flags: .read, permissions: 0),
            let bytes = try? file.read(upTo: longestFile, at: 0, behind: 0)
        else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }
}
