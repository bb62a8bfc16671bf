// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Testing
import Wire

/// A request under a label, by which later steps find the handle that it got.
struct Step {
    let label: String
    let request: (ComparedServer) -> SFTPRequest

    init(_ label: String, _ request: @escaping (ComparedServer) -> SFTPRequest) {
        self.label = label
        self.request = request
    }
}

/// A server, its directory, and the handles that it has given.
final class ComparedServer {
    let directory = TemporaryDirectory()
    let server: ServerProcess
    var handles: [String: Bytes] = [:]

    init(_ program: String) throws {
        directory.shell(
            """
            printf 0123456789 > file; printf abc > other; mkdir full empty sub; touch full/x
            ln -s file link; ln -s missing dangling; ln -s loop loop; ln -s full dirlink
            for i in $(seq 150); do echo $i > sub/$i; done; chmod 4755 sub/1; chmod 1777 sub/2
            chmod 2644 sub/3; chmod 000 sub/4; mkfifo sub/fifo; mkdir sub/dir; chmod 700 sub/dir
            ln -s target sub/link; printf x > sub/$(printf 'n%.0s' $(seq 255))
            touch -h -d '2001-02-03 04:05:06' * sub/* full/x; touch -d '2030-01-01' sub/5
            """)
        server = try ServerProcess(program, in: directory.path)
    }

    func handle(_ name: String) -> Bytes { handles[name] ?? bytes("none") }

    /// What a request is answered with, as text without what has to differ.
    func answer(_ step: Step) throws -> String {
        let reply = try server.ask(step.request(self))
        if case .handle(let handle) = reply {
            handles[step.label] = handle
            return "handle"
        }
        return describe(reply)
    }

    private func describe(_ reply: SFTPReply) -> String {
        switch reply {
        case .status(let status): "status \(status.code)"
        case .handle: "handle"
        case .data(let pieces): "data \(text(pieces.joined()))"
        case .attributes(let attributes): describe(attributes)
        case .name(let entries):
            entries.map { entry in
                let longname = isOwn(entry) ? "" : text(entry.longname)
                let attributes = isOwn(entry) ? "" : describe(entry.attributes)
                return "\(text(entry.filename)) | \(longname) | \(attributes)"
            }.sorted().joined(separator: "\n").replacing(directory.path, with: "DIR")
                .replacing(
                    "\(homeOfRoot) | \(homeOfRoot) | size 0 mode - owner 0:0 mtime -",
                    with: "~root")
        case .extended(let body): "extended, \(body.count) bytes"
        }
    }

    /// Whether this is the directory itself or its parent, whose times are the test's.
    private func isOwn(_ entry: NameEntry) -> Bool {
        [".", ".."].contains(text(entry.filename))
    }

    private func describe(_ attributes: FileAttributes) -> String {
        let permissions = attributes.permissions.map { String($0, radix: 8) } ?? "-"
        let mtime = attributes.times.map { "\($0.mtime)" } ?? "-"
        return "size \(attributes.size ?? 0) mode \(permissions)"
            + " owner \(attributes.owner?.uid ?? 0):\(attributes.owner?.gid ?? 0) mtime \(mtime)"
    }

    /// All entries of a directory that has been opened under this label.
    func listing(_ label: String) throws -> (names: [String], batches: [Int]) {
        var names: [String] = []
        var batches: [Int] = []
        while true {
            let reply = try server.ask(.readdir(handle: handle(label)))
            guard case .name(let entries) = reply else {
                return (names.sorted(), batches + [-1])
            }
            names += entries.map { describe(.name([$0])) }
            batches.append(entries.count)
        }
    }
}
