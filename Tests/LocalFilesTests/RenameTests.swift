// SPDX-License-Identifier: Apache-2.0

import Glibc
import SFTPProtocol
import Testing
import Wire

@testable import LocalFiles

/// Renaming without replacing, with the system's help and without.
@Suite struct RenameTests {
    enum Way: CaseIterable {
        case atOnce
        case inSteps

        func rename(_ oldPath: Bytes, to newPath: Bytes) throws(Errno) {
            switch self {
            case .atOnce: try LocalFiles.rename(oldPath, to: newPath)
            case .inSteps: try LocalFiles.renameInSteps(oldPath, to: newPath)
            }
        }
    }

    private let directory: Bytes

    init() throws {
        var template = Array((P_tmpdir + "/hawser-test-XXXXXX").utf8CString)
        try #require(unsafe mkdtemp(&template) != nil)
        directory = template.dropLast().map(UInt8.init(bitPattern:))[...]
        for name in ["file", "other"] {
            let file = try LocalFile(
                opening: self[name], flags: [.write, .create], permissions: 0o600)
            try file.write([Array(name.utf8)[...]], at: 0)
            try file.close()
        }
        for name in ["directory", "empty"] {
            try LocalFiles.makeDirectory(self[name], permissions: 0o700)
        }
        try LocalFiles.makeSymbolicLink(self["dangling"], to: Array("missing".utf8)[...])
    }

    private subscript(name: String) -> Bytes { directory + "/".utf8 + name.utf8 }

    private func content(_ name: String) throws -> String {
        let file = try LocalFile(opening: self[name], flags: .read, permissions: 0)
        return String(decoding: try file.read(upTo: 100, at: 0, behind: 0), as: UTF8.self)
    }

    private func names() throws -> Set<String> {
        let listing = try DirectoryStream(opening: directory)
        var names: Set<String> = []
        while let name = try listing.next() { names.insert(String(decoding: name, as: UTF8.self)) }
        return names.subtracting([".", ".."])
    }

    private func removeAll() throws {
        for name in try names() {
            do {
                try LocalFiles.remove(self[name])
            } catch {
                try LocalFiles.removeDirectory(self[name])
            }
        }
        try LocalFiles.removeDirectory(directory)
    }

    @Test(arguments: Way.allCases)
    func replacesNothing(way: Way) throws {
        for old in ["file", "directory", "dangling"] {
            for new in ["other", "empty", "dangling"] where new != old {
                #expect(throws: Errno.EEXIST, "\(old) to \(new)") {
                    try way.rename(self[old], to: self[new])
                }
            }
        }
        #expect(try content("file") == "file")
        #expect(try content("other") == "other")
        #expect(try names() == ["file", "other", "directory", "empty", "dangling"])
        try removeAll()
    }

    @Test(arguments: Way.allCases)
    func renamesWhatIsThere(way: Way) throws {
        for name in ["file", "directory", "dangling"] {
            try way.rename(self[name], to: self["new-" + name])
        }
        #expect(throws: Errno.ENOENT) { try way.rename(self["file"], to: self["x"]) }
        #expect(throws: Errno.ENOENT) { try way.rename(self["other"], to: self["no/x"]) }
        #expect(try content("new-file") == "file")
        #expect(try names() == ["new-file", "other", "new-directory", "empty", "new-dangling"])
        try removeAll()
    }

    @Test func pathWithANulByteIsRefused() throws {
        #expect(throws: Errno.EINVAL) { try LocalFiles.remove(self["file\0"]) }
        #expect(try content("file") == "file")
        try removeAll()
    }
}
