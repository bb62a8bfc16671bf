// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Wire

@testable import SFTPServer

/// The same random requests to two sessions on equal trees: one whose slow work ends late and in any
/// order, and one that is done with each request before the next comes.
struct RandomRun {
    private let sides: [(session: SlowSession, folder: TemporaryDirectory)]
    private var random: SplitMix
    /// Handles that have been opened, as both sessions have them; files and directories.
    private var handles: [(files: Bool, values: [Bytes])] = []
    /// Requests whose replies are to be compared once both are there.
    private var pending: [Pending] = []
    /// What was not the same.
    private(set) var differences: [String] = []

    private struct Pending {
        let text: String
        let ids: [UInt32]
        /// What an answer with a handle opens.
        let opensFile: Bool
    }

    /// A generator that a seed determines (SplitMix64).
    private struct SplitMix: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
            return mixed ^ mixed >> 31
        }
    }

    init(
        seed: UInt64, slow: SlowSession, _ folder: TemporaryDirectory, serial: SlowSession,
        _ other: TemporaryDirectory
    ) {
        sides = [(slow, folder), (serial, other)]
        random = SplitMix(state: seed)
        serial.session.startJob = nil
    }

    /// Makes the trees.
    func prepare() {
        for side in sides {
            side.folder.shell(
                "rm -rf *; echo 'this is a' > a; echo 'and this is b' > b; mkdir d; echo c > d/c;"
                    + " ln a d/a; ln -s a link; ln -s d/c far")
        }
    }

    private static let names = ["a", "b", "d", "d/a", "d/c", "link", "far", "new", "d/new"]

    private mutating func name() -> String {
        Self.names.randomElement(using: &random) ?? ""
    }

    private mutating func number(_ range: Range<UInt64>) -> UInt64 {
        UInt64.random(in: range, using: &random)
    }

    /// Sends a request to both, or ends some work of the slow one.
    mutating func step() throws {
        let slow = sides[0].session
        if !slow.jobs.isEmpty, number(0..<4) == 0 || slow.session.work.isFull {
            slow.finish(Int(number(0..<UInt64(slow.jobs.count))))
            return compare()
        }
        guard let make = number(0..<5) < 3 ? requestByHandle() : requestByPath() else { return }
        let requests = sides.indices.map(make)
        let ids = try sides.indices.map { try sides[$0].session.ask(requests[$0]) }
        let isFile = if case .opendir = requests[0] { false } else { true }
        pending.append(Pending(text: "\(requests[0])", ids: ids, opensFile: isFile))
        compare()
    }

    /// Ends all work, and all comparing.
    mutating func finish() {
        sides[0].session.finishAll()
        compare()
        if !pending.isEmpty { differences.append("unanswered: \(pending.map(\.text))") }
    }

    private mutating func requestByHandle() -> ((Int) -> SFTPRequest)? {
        guard let (isFile, values) = handles.randomElement(using: &random) else { return nil }
        let (offset, length) = (number(0..<12), number(1..<8))
        let data = [bytes(String(repeating: "xyz".randomElement(using: &random) ?? "x", count: 3))]
        guard isFile else {
            return number(0..<6) == 0
                ? { .close(handle: values[$0]) } : { .readdir(handle: values[$0]) }
        }
        switch number(0..<12) {
        case 0..<4: return { .read(handle: values[$0], offset: offset, length: UInt32(length)) }
        case 4..<6: return { .write(handle: values[$0], offset: offset, data: data) }
        case 6: return { .fstat(handle: values[$0]) }
        case 7: return number(0..<6) == 0 ? { .fsync(handle: values[$0]) } : nil
        case 8:
            let size = FileAttributes(size: offset)
            return { .fsetstat(handle: values[$0], attributes: size) }
        case 9: return { .close(handle: values[$0]) }
        default:
            guard let (isFile, others) = handles.randomElement(using: &random), isFile else {
                return nil
            }
            return {
                .copyData(
                    readHandle: values[$0], readOffset: offset, length: length,
                    writeHandle: others[$0], writeOffset: length)
            }
        }
    }

    private mutating func requestByPath() -> ((Int) -> SFTPRequest)? {
        let folders = sides.map(\.folder)
        let (first, second) = (name(), name())
        let size = FileAttributes(size: number(0..<20))
        let old = FileAttributes(times: .init(atime: 1, mtime: 1_000_000))
        let flags: [OpenFlags] = [
            [.read], [.read, .write], [.write, .create], [.write, .create, .truncate],
            [.read, .write, .append], [.write, .create, .exclusive],
        ]
        let flag = flags.randomElement(using: &random) ?? [.read]
        switch number(0..<16) {
        case 0..<4:
            return { .open(path: folders[$0][first], flags: flag, attributes: .init()) }
        case 4: return { .stat(path: folders[$0][first]) }
        case 5: return { .lstat(path: folders[$0][first]) }
        case 6: return { .setstat(path: folders[$0][first], attributes: size) }
        case 7: return { .setstat(path: folders[$0][first], attributes: old) }
        case 8: return { .remove(path: folders[$0][first]) }
        case 9: return { .rename(oldPath: folders[$0][first], newPath: folders[$0][second]) }
        case 10: return { .posixRename(oldPath: folders[$0][first], newPath: folders[$0][second]) }
        case 11: return { .hardlink(oldPath: folders[$0][first], newPath: folders[$0][second]) }
        case 12: return { .symlink(target: bytes(second), linkPath: folders[$0][first]) }
        case 13: return { .readlink(path: folders[$0][first]) }
        case 14: return { .mkdir(path: folders[$0][first], attributes: .init()) }
        default: return { .opendir(path: folders[$0][first]) }
        }
    }

    /// Compares what both have answered by now.
    private mutating func compare() {
        var left: [Pending] = []
        for request in pending {
            let answers = sides.indices.compactMap { sides[$0].session.replies[request.ids[$0]] }
            guard answers.count == sides.count else {
                left.append(request)
                continue
            }
            let texts = answers.map(Self.text)
            if texts[0] != texts[1] {
                differences.append("\(request.text): \(texts[0]), in order \(texts[1])")
            }
            let opened = answers.compactMap { answer in
                if case .handle(let handle) = answer { handle } else { nil }
            }
            if opened.count == sides.count { handles.append((request.opensFile, opened)) }
        }
        pending = left
    }

    /// A reply without what may differ: handles, sizes of directories, and the present.
    private static func text(_ reply: SFTPReply) -> String {
        switch reply {
        case .handle: "a handle"
        case .status(let status): "\(status.code)"
        case .data(let pieces): "data \(pieces.flatMap { $0 })"
        case .attributes(let attributes): text(attributes)
        case .name(let entries):
            entries.map { entry in
                let name = SFTPServerTests.text(entry.filename)
                return "\(name): \(name == ".." ? "" : text(entry.attributes))"
            }.sorted().joined(separator: ", ")
        case .extended(let data): "\(data)"
        }
    }

    private static func text(_ attributes: FileAttributes) -> String {
        let isDirectory = (attributes.permissions ?? 0) & 0o170000 == 0o040000
        let isOld = attributes.times.map { $0.mtime <= 1_000_000 } ?? false
        return "size \(isDirectory ? 0 : attributes.size ?? 0) mode \(attributes.permissions ?? 0)"
            + " old \(isOld)"
    }
}
