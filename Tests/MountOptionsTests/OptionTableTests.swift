// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import MountOptions

/// Each option of the table changes what a mount does, is told of in `--help`, and is found under all of
/// its names.
@Suite struct OptionTableTests {
    private func options(_ list: String) throws -> MountOptions {
        var options = MountOptions(
            source: try RemoteSource(parsing: "host:"), mountPoint: "/mnt", sshKeywords: [])
        try options.apply(optionList: list)
        return options
    }

    /// A value that is not the default, where the option has one.
    static let values = [
        "port": "2222", "compression": "auto", "max_conns": "2", "sftp_server": "/sftp",
        "ssh_command": "ssh",
        "directport": "1", "vsock": "1:2", "workaround": "createmode", "modules": "iconv",
        "subdir": "a", "from_code": "LATIN1", "to_code": "LATIN1", "idmap": "user",
        "uidfile": "/u", "gidfile": "/g", "nomap": "ignore", "uid": "7", "gid": "7", "umask": "7",
        "cache": "strict", "dir_cache": "no", "fsname": "x", "subtype": "x", "max_read": "8192",
        "max_write": "8192", "dcache_max_size": "3",
    ]

    private func item(_ entry: OptionEntry, _ name: String) -> String {
        guard entry.value != nil else { return name }
        let value =
            entry.value == "SECONDS" ? "3" : entry.names.first.flatMap { Self.values[$0] } ?? "?"
        return "\(name)=\(value)"
    }

    /// What may come before an option, so that it changes something.
    static let contraries = [
        "contain_symlinks": "no_contain_symlinks", "norellinks": "rellinks",
        "auto_cache": "kernel_cache", "reconnect": "noreconnect",
    ]

    @Test func eachNameChangesSomething() throws {
        for entry in OptionTable.groups.flatMap(\.entries) {
            var outcomes: [MountOptions] = []
            for name in entry.names {
                let before = Self.contraries[name] ?? ""
                let after = try options("\(before),\(item(entry, name))")
                #expect(try after != options(before), "\(name) changes nothing")
                var outcome = after
                // What the user is told quotes the name that was given.
                outcome.notes = []
                outcomes.append(outcome)
            }
            #expect(outcomes.allSatisfy { $0 == outcomes.first }, "\(entry.names) differ")
        }
    }

    @Test func whatDoesNothingSaysSoOrIsForMount() throws {
        let plain = try options("")
        for name in OptionTable.mountNames {
            #expect(try options(name) == plain, "\(name)")
            #expect(try options("\(name)=x") == plain, "\(name)")
        }
        for name in OptionTable.noted.flatMap(\.names) {
            for text in [name, "\(name)=1"] {
                var noted = try options(text)
                #expect(noted.notes.count == 1, "\(name)")
                #expect(noted.notes.first?.contains("\"\(name)\" changes nothing: ") == true)
                noted.notes = []
                #expect(noted == plain, "\(name)")
            }
        }
    }

    /// Options whose effect a unit test shows, and where.
    static let unitTested = [
        // What another option has turned on.
        "norellinks": "MountOptionsTests/MountOptionsTests.swift",
        // When a write returns is seen best where a test decides when the server answers.
        "sshfs_sync": "RemoteFSTests/WriteBehindTests.swift",
        // Which requests are under way is not to be seen from outside.
        "no_readahead": "RemoteFSTests/ReadAheadTests.swift",
        "sync_readdir": "RemoteFSTests/ListingFetchTests.swift",
    ]

    @Test func eachOptionIsTriedInACase() throws {
        let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let words = try Set(
            text(of: "cat '\(root)'/Integration/cases/*.sh").split {
                !($0.isLetter || $0.isNumber || $0 == "_")
            })
        for entry in OptionTable.groups.flatMap(\.entries) {
            if let file = entry.names.first.flatMap({ Self.unitTested[$0] }) {
                #expect(try !text(of: "cat '\(root)/Tests/\(file)'").isEmpty)
                continue
            }
            #expect(entry.names.contains { words.contains($0[...]) }, "\(entry.names)")
        }
    }

    private func text(of command: String) throws -> String {
        let pipe = unsafe popen(command, "r")
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe fread(&buffer, 1, buffer.count, pipe)
            if count == 0 { break }
            text += buffer[..<count]
        }
        _ = unsafe pclose(pipe)
        return String(decoding: text, as: UTF8.self)
    }

    @Test func noNameIsThereTwice() {
        let names = MountOptions.names
        #expect(Set(names).count == names.count)
    }

    @Test func helpTellsOfEachOption() {
        let lines = MountOptions.help.split(separator: "\n")
        for entry in OptionTable.groups.flatMap(\.entries) {
            let name = entry.names[0]
            #expect(
                lines.contains { $0.hasPrefix("  \(name) ") || $0.hasPrefix("  \(name)=") },
                "\(name)")
        }
        #expect(lines.allSatisfy { $0.count <= 100 || !$0.hasPrefix("  ") })
    }

    @Test func cacheHasItsOldNamesAndModes() throws {
        #expect(try options("cache=no").caches.mode == .strict)
        #expect(try options("cache=exclusive").caches.mode == .exclusive)
        #expect(try options("cache=strict,dir_cache=yes").caches.mode == .shared)
        let caches = try options("cache_timeout=7,dcache_dir_timeout=9").caches
        #expect(caches.statusTimeout == .seconds(7))
        #expect(caches.listingTimeout == .seconds(9))
        #expect(caches.linkTimeout == .seconds(7))
        #expect(caches.attributeTimeout == nil)
    }

    @Test func workaroundsAreAList() throws {
        let some = try options("workaround=rename:nodelaysrv:buflimit:truncate:fstat").workarounds
        #expect(some.movesAside && some.rewritesToTruncate && some.avoidsFstat)
        #expect(!some.createsWithoutMode)
        let none = try options("workaround=all:none").workarounds
        #expect(!none.movesAside)
    }
}
