// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPProtocol
import Testing
import Wire

@testable import RemoteFS

/// Where symbolic links may lead: the tree of each test is a table of paths, with the targets of
/// links; what is not in it is a directory.
@Suite struct SymlinkTests {
    private static let deep = "d1/d2/link"

    /// A link of the share `/srv`, by its path, and what readlink(2) is to say of it.
    struct Case: CustomTestStringConvertible, Sendable {
        let link: String
        let target: String
        let expected: Result<String, Errno>
        var others: [String: String] = [:]
        var testDescription: String { "\(link) -> \(target)" }

        static func shows(
            _ link: String, _ target: String, _ shown: String, _ others: [String: String] = [:]
        ) -> Case {
            Case(link: link, target: target, expected: .success(shown), others: others)
        }

        static func fails(
            _ link: String, _ target: String, _ error: Errno = .EPERM,
            _ others: [String: String] = [:]
        ) -> Case {
            Case(link: link, target: target, expected: .failure(error), others: others)
        }
    }

    static let kept: [Case] = [
        .shows("l", "a", "a"), .shows("l", "a/b/c", "a/b/c"), .shows("l", "./a", "./a"),
        .shows("l", "..a", "..a"), .shows("l", "...", "..."), .shows("l", "a/..b", "a/..b"),
        .shows("d/l", "..", ".."), .shows("d/l", "../a", "../a"),
        .shows("d/l", "./../a/", "./../a/"), .shows(deep, "../../a", "../../a"),
    ]

    static let resolved: [Case] = [
        .shows("l", "/srv/a/b", "a/b"), .shows(deep, "/srv/a", "../../a"),
        .shows(deep, "/srv/d1/d2/a", "a"), .shows(deep, "/srv/d1", ".."),
        .shows("l", "/srv", "."), .shows("l", "a/..", "."), .shows("l", "a/../b", "b"),
        .shows("d/l", "a/../../b/c", "../b/c"), .shows("l", "a//.././b", "b"),
        .shows("l", "a/../b", "x/b", ["a": "x/y"]),
        .shows("l", "a/../b", "x/b", ["a": "/srv/x/y"]),
        .shows("l", "a/b/../c", "x/c", ["a": "x", "x/b": "y"]),
        .shows("l", "/srv/a/../b", "b"), .shows("l", "/real/share/a", "a"),
        // What comes behind the last `..` is the kernel's to follow, which asks for each link.
        .shows("l", "a/../b", "b", ["b": "/etc/passwd"]),
    ]

    static let refused: [Case] = [
        .fails("l", ".."), .fails("l", "../srv/a"), .fails("l", "/"), .fails("l", "/etc/passwd"),
        .fails("l", "/srvx/a"), .fails("l", "/srv/../etc"), .fails("l", "/srv/a/../../etc"),
        .fails("d/l", "../.."), .fails("d/l", "../../srv/d"), .fails(deep, "../../../etc"),
        .fails("l", "a/../.."), .fails("l", "a/../../etc"), .fails("d/l", "a/../../../etc"),
        .fails("l", "/../srv/a/../b"), .fails("l", "//etc/passwd"),
        .fails("l", "a/../b", .EPERM, ["a": "/etc"]), .fails("l", "a/../b", .EPERM, ["a": "../x"]),
        .fails("l", "a/x/../..", .EPERM, ["a": "."]),
        .fails("l", "a/../b", .ELOOP, ["a": "a"]),
        .fails("l", "a/../b", .ELOOP, ["a": "b/c", "b": "a"]),
    ]

    @Test(arguments: kept + resolved + refused)
    func isContained(_ example: Case) throws {
        try check(example)
    }

    @Test(arguments: [
        Case.shows("l", "/etc/passwd", "/etc/passwd"), .shows("l", "../x", "../x"),
        .shows("l", "/srv/a", "/srv/a"),
    ])
    func leadsAnywhereIfWanted(_ example: Case) throws {
        try check(example) { $0.areContained = false }
    }

    @Test(arguments: [
        Case.shows(deep, "/srv/a/b", "../../a/b"), .shows("l", "/etc/passwd", "/etc/passwd"),
        .shows("l", "/srvx", "/srvx"), .shows("l", "../x", "../x"),
    ])
    func isTransformedIfWanted(_ example: Case) throws {
        try check(example) { ($0.areContained, $0.areTransformed) = (false, true) }
    }

    private func check(
        _ example: Case, _ configure: @escaping @Sendable (inout SymlinkPolicy) -> Void = { _ in }
    ) throws {
        let links = example.others.merging([example.link: example.target]) { $1 }
        try simulate(answer: { Self.answer($0, links) }) {
            configure(&$0.symlinks)
        } body: {
            fileSystem, _ in
            var inode = rootInode
            for name in example.link.split(separator: "/") {
                guard
                    case .found(let entry) = try await fileSystem.lookup(
                        Array(name.utf8), in: inode)
                else { throw Errno.ENOENT }
                inode = entry.status.inode
            }
            let found: Result<String, Errno>
            do throws(Errno) {
                found = .success(
                    String(decoding: try await fileSystem.readlink(inode), as: UTF8.self))
            } catch {
                found = .failure(error)
            }
            #expect(found == example.expected)
        }
    }

    private static func answer(_ request: SFTPRequest, _ links: [String: String]) -> SFTPReply? {
        func target(_ path: Bytes) -> String? {
            links[String(decoding: path.dropFirst("/srv/".utf8.count), as: UTF8.self)]
        }
        switch request {
        case .lstat(let path):
            return target(path) == nil
                ? directory : .attributes(FileAttributes(permissions: 0o120777))
        case .readlink(let path):
            guard let target = target(path) else { return failure }
            return .name([NameEntry(path: bytes(target)[...])])
        case .realpath: return .name([NameEntry(path: bytes("/real/share")[...])])
        default: return ok
        }
    }

    @Test func followedLinksAreShownAsWhatTheyLeadTo() throws {
        try simulate { request in
            switch request {
            case .stat: file(size: 77)
            case .opendir: handle
            default: failure
            }
        } configure: {
            $0.symlinks.areFollowed = true
        } body: { fileSystem, _ in
            guard case .found(let entry) = try await fileSystem.lookup(bytes("l"), in: rootInode)
            else { throw Errno.ENOENT }
            #expect(entry.status.kind == .regular)
            #expect(entry.status.size == 77)
        }
    }
}
