// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
import EventLoop
import FuseBridge
import Glibc
import JSON
import RemoteFS
import Wire

/// `hawser list`.
struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the mounts.",
        discussion: "All mounts of this user's are listed, and root is shown everyone's.",
        version: versionText)

    @Flag(help: "For programs: an array with an object for each mount.")
    var json = false

    func run() throws {
        let loop = try EpollLoop()
        let mounts = try AskedMount.named(nil, loop: loop)
        let rows = try loop.run {
            // All at once: those that do not answer take their time together.
            await withTaskGroup(of: (Int, Row).self) { group in
                for (index, mount) in mounts.enumerated() {
                    group.addTask { (index, await Row(mount)) }
                }
                var rows: [Int: Row] = [:]
                for await (index, row) in group { rows[index] = row }
                return mounts.indices.compactMap { rows[$0] }
            }
        }
        let text = json ? "\(JSON.array(rows.map(\.json)))" : Self.table(rows)
        print(!json || isatty(STDOUT_FILENO) == 1 ? TerminalText.message(text) : text)
    }

    /// The rows below a head; a line below a row says why the mount is not connected.
    static func table(_ rows: [Row]) -> String {
        guard !rows.isEmpty else { return "nothing is mounted" }
        let head = ["SOURCE", "MOUNT POINT", "STATE", "FOR", "NOT ON THE SERVER"]
        let cells = [head] + rows.map(\.cells)
        let widths = head.indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
        let lines = cells.map { row in
            zip(row.dropLast(), widths).map { $0.padded(to: $1 + 2) }.joined() + (row.last ?? "")
        }
        let reasons = [nil] + rows.map(\.summary.reason)
        return zip(lines, reasons).flatMap { line, reason in
            [line] + (reason.map { ["  \(TerminalText.line($0))"] } ?? [])
        }.joined(separator: "\n")
    }

    /// A mount and how it is.
    struct Row: Sendable {
        let source: String
        let mountPoint: String
        let summary: MountSummary
    }
}

extension List.Row {
    /// Asks a mount.
    fileprivate init(_ mount: AskedMount) async {
        source = mount.mount.source
        mountPoint = mount.mount.mountPoint
        do {
            let text = try await mount.ask(.summary, patience: AskedMount.promptAnswer)
            summary =
                MountSummary(text: text)
                ?? .silent(.unknown, reason: "its process gave no proper answer")
        } catch {
            let isDead = mount.isDead
            summary = .silent(isDead ? .dead : .unknown, reason: "\(error)")
        }
    }

    fileprivate var cells: [String] {
        [
            TerminalText.line(source), TerminalText.line(mountPoint), summary.state.rawValue,
            summary.seconds.map { Duration.seconds($0).inWords } ?? "?",
            summary.unwritten.map { $0.bytes == 0 ? "nothing" : $0.inWords } ?? "?",
        ]
    }

    fileprivate var json: JSON {
        .object(
            [.init("source", .string(source)), .init("mountpoint", .string(mountPoint))]
                + summary.json)
    }
}
