// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import SFTPProtocol
import Testing
import Wire

@testable import LocalFiles

/// What the kernel refuses to a thread within the walls, by plain calls that know nothing of them.
@Suite struct SandboxTests {
    /// A directory with a `root`, and files beside it.
    private final class Playground: Sendable {
        let base: String

        init() throws {
            var template = Array("/var/tmp/hawser-sandbox.XXXXXX".utf8CString)
            try #require(unsafe mkdtemp(&template) != nil)
            base = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
            for name in ["root", "root/one", "root/two", "outside", "keys"] {
                try #require(unsafe mkdir("\(base)/\(name)", 0o755) == 0)
            }
            for name in ["root/one/file", "outside/file", "keys/file"] {
                let file = unsafe Glibc.open("\(base)/\(name)", O_CREAT | O_WRONLY, 0o644)
                try #require(file >= 0)
                close(file)
            }
        }

        deinit {
            for name in [
                "root/one/file", "root/two/file", "root/two/link", "outside/file", "keys/file",
            ] {
                unsafe unlink("\(base)/\(name)")
            }
            for name in ["root/one", "root/two", "root", "outside", "keys", ""] {
                unsafe rmdir("\(base)/\(name)")
            }
        }

        func path(_ name: String) -> Bytes { Array("\(base)/\(name)".utf8)[...] }

        /// What opening a file comes to: 0, or the error.
        func open(_ name: String, _ flags: Int32) -> Int32 {
            let file = unsafe Glibc.open("\(base)/\(name)", flags | O_CLOEXEC, 0o644)
            guard file >= 0 else { return errno }
            close(file)
            return 0
        }

        func rename(_ old: String, _ new: String) -> Int32 {
            unsafe Glibc.rename("\(base)/\(old)", "\(base)/\(new)") == 0 ? 0 : errno
        }

        func remove(_ name: String) -> Int32 {
            unsafe unlink("\(base)/\(name)") == 0 ? 0 : errno
        }

        func link(_ old: String, _ new: String) -> Int32 {
            unsafe Glibc.link("\(base)/\(old)", "\(base)/\(new)") == 0 ? 0 : errno
        }
    }

    /// Runs `body` on a thread of its own, which takes its walls with it when it ends.
    private func onThread<Result: Sendable>(
        _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            do {
                try HelperThreads(limit: 1).run {
                    continuation.resume(with: Swift.Result { try body() })
                }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    private static let hasLandlock = Sandbox.landlockVersion >= 2
    private static let landlockKnowsNetworks = Sandbox.landlockVersion >= 4

    /// The outcomes of attempts in a confined thread, by name.
    private func outcomes(
        isReadOnly: Bool, _ attempts: @escaping @Sendable (Playground) -> [String: Int32]
    ) async throws -> [String: Int32] {
        let playground = try Playground()
        return try await onThread {
            let tree = try FileTree(confinedTo: playground.path("root"))
            _ = try Sandbox.confine(
                to: tree, isReadOnly: isReadOnly, reading: [playground.path("keys/absent")])
            return attempts(playground)
        }
    }

    @Test(.enabled(if: hasLandlock)) func aServerWorksInItsTreeAndNowhereElse() async throws {
        let outcomes = try await outcomes(isReadOnly: false) { files in
            [
                "make": files.open("root/one/made", O_CREAT | O_RDWR),
                "remove": files.remove("root/one/made"),
                "link": files.link("root/one/file", "root/two/link"),
                "move": files.rename("root/one/file", "root/two/file"),
                "list": files.open("root", O_RDONLY | O_DIRECTORY),
                "key": files.open("keys/file", O_RDONLY),
                "passwd": files.open("../../../etc/passwd", O_RDONLY),
                "change a key": files.open("keys/file", O_WRONLY),
                "list keys": files.open("keys", O_RDONLY | O_DIRECTORY),
                "read outside": files.open("outside/file", O_RDONLY),
                "write outside": files.open("outside/file", O_WRONLY),
                "make outside": files.open("outside/made", O_CREAT | O_WRONLY),
                "list outside": files.open("outside", O_RDONLY | O_DIRECTORY),
                "through /proc": files.open(
                    "../../../proc/self/root\(files.base)/outside/file", O_RDONLY),
                "move out": files.rename("root/two/file", "outside/moved"),
                "move in": files.rename("outside/file", "root/one/moved"),
                "link in": files.link("outside/file", "root/one/linked"),
            ]
        }
        let done = ["make", "remove", "link", "move", "list", "key", "passwd"]
        for (name, outcome) in outcomes {
            let expected: [Int32] = done.contains(name) ? [0] : [EACCES, EXDEV]
            #expect(expected.contains(outcome), "\(name): \(outcome)")
        }
    }

    @Test(.enabled(if: hasLandlock)) func aReadOnlyTreeCanOnlyBeRead() async throws {
        let outcomes = try await outcomes(isReadOnly: true) { files in
            [
                "read": files.open("root/one/file", O_RDONLY),
                "list": files.open("root/one", O_RDONLY | O_DIRECTORY),
                "write": files.open("root/one/file", O_WRONLY),
                "make": files.open("root/one/made", O_CREAT | O_WRONLY),
                "link": files.link("root/one/file", "root/two/link"),
                "move": files.rename("root/one/file", "root/one/moved"),
                "remove": files.remove("root/one/file"),
            ]
        }
        for (name, outcome) in outcomes {
            let expected: [Int32] = ["read", "list"].contains(name) ? [0] : [EACCES, EXDEV]
            #expect(expected.contains(outcome), "\(name): \(outcome)")
        }
    }

    @Test(.enabled(if: landlockKnowsNetworks)) func nothingConnects() async throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        try #require(listener >= 0 && listen(listener, 1) == 0)
        let connect: @Sendable () -> Int32 = {
            var address = sockaddr_in()
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(client) }
            return unsafe withUnsafeMutablePointer(to: &address) { address in
                unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    guard unsafe getsockname(listener, address, &size) == 0 else { return -1 }
                    return unsafe Glibc.connect(client, address, size) == 0 ? 0 : errno
                }
            }
        }
        #expect(connect() == 0)
        let outcomes = try await outcomes(isReadOnly: true) { _ in ["connect": connect()] }
        #expect(outcomes == ["connect": EACCES])
    }

    @Test func deniedCallsAreRefusedAndOthersAreNot() async throws {
        let outcomes = try await onThread { () -> [String: Int32] in
            try Sandbox.denyCalls(allThreads: false)
            var arguments: [UnsafeMutablePointer<CChar>?] = unsafe [nil]
            let executed = unsafe execve("/bin/true", &arguments, &arguments) == 0 ? 0 : errno
            let mounted = unsafe umount("/nowhere") == 0 ? 0 : errno
            let reached = unsafe chroot("/") == 0 ? 0 : errno
            let made = unsafe mknod("/var/tmp/hawser-none", S_IFIFO, 0) == 0 ? 0 : errno
            var identity = pthread_t()
            let started = unsafe pthread_create(&identity, nil, { _ in nil }, nil)
            if started == 0 { pthread_join(identity, nil) }
            return [
                "execve": executed, "umount": mounted, "chroot": reached, "mknod": made,
                "a thread": started, "open": unsafe access("/", R_OK),
            ]
        }
        #expect(
            outcomes == [
                "execve": EPERM, "umount": EPERM, "chroot": EPERM, "mknod": EPERM, "a thread": 0,
                "open": 0,
            ])
    }
}
