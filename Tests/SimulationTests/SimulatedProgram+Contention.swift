// SPDX-License-Identifier: Apache-2.0

import EventLoop
import RemoteFS
import SFTPProtocol

// Names that somebody at the server makes and removes as well.

extension SimulatedProgram {
    /// Where that is.
    static let sharedDirectory = Array("shared".utf8)

    /// The names over which a program contends with the rival.
    static func sharedNames(of index: Int) -> [[UInt8]] {
        (0..<2).map { Array("p\(index)-\($0)".utf8) }
    }

    /// Makes or removes such a name: it may fail in any way, but success has to be true.
    func contend() async {
        let name = numbers.pick(Self.sharedNames(of: index))
        let path = Self.sharedDirectory + Array("/".utf8) + name
        let begin = tree.events.count
        let wasThere = (try? tree.node(path[...])) != nil
        do throws(Errno) {
            let parent = try await node(Self.sharedDirectory)
            if numbers.oneIn(2) { _ = try await fileSystem.lookup(name, in: parent) }
            switch numbers.below(4) {
            case 0:
                _ = try await fileSystem.mkdir(name, in: parent, permissions: 0o755)
                checkMade(path, since: begin)
            case 1:
                let (_, file) = try await fileSystem.create(
                    name, in: parent, permissions: 0o644, [.write, .exclusive])
                checkMade(path, since: begin)
                await fileSystem.release(file.handle)
            case 2:
                try await fileSystem.unlink(name, in: parent)
                checkRemoved(path, since: begin, wasThere: wasThere)
            default:
                try await fileSystem.rmdir(name, in: parent)
                checkRemoved(path, since: begin, wasThere: wasThere)
            }
            trace.note("\(loop.now) program \(index): contends for \(text(name)): ok")
        } catch {
            trace.note(
                "\(loop.now) program \(index): contends for \(text(name)): error \(error.rawValue)")
        }
    }

    /// A success has to be ours.
    private func checkMade(_ path: [UInt8], since begin: Int) {
        let isMade = tree.events[begin...].contains {
            $0.path == path && $0.isMaking && $0.maker == .client
        }
        if !isMade { sharedViolation("made \(text(path)), which it has not") }
    }

    /// It is gone, and was not removed again once it was somebody else's.
    private func checkRemoved(_ path: [UInt8], since begin: Int, wasThere: Bool) {
        let removals = tree.events[begin...].filter { $0.path == path && !$0.isMaking }
        if wasThere, removals.isEmpty { sharedViolation("removed \(text(path)), which is there") }
        if removals.count(where: { $0.maker == .client }) > 1 {
            sharedViolation("removed \(text(path)) twice")
        }
    }

    private func sharedViolation(_ what: String) { violation(what, in: Self.sharedDirectory) }
}
