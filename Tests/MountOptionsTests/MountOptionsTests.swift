// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import MountOptions

@Suite struct RemoteSourceTests {
    @Test(arguments: [
        ("host:", nil, "host", ""),
        ("host:/srv/data", nil, "host", "/srv/data"),
        ("host:a:b", nil, "host", "a:b"),
        ("me@host:dir", "me", "host", "dir"),
        ("me@corp@host:dir", "me@corp", "host", "dir"),
        ("[::1]:/x", nil, "::1", "/x"),
        ("me@[fe80::1%eth0]:/x", "me", "fe80::1%eth0", "/x"),
        ("sshfs#me@host:", "me", "host", ""),
    ])
    func takesSourceApart(text: String, user: String?, host: String, directory: String) throws {
        let source = try RemoteSource(parsing: text)
        #expect(source.user == user)
        #expect(source.host == host)
        #expect(source.directory == directory)
    }

    @Test(arguments: [
        "host", "/dir", ":", ":/dir", "-oProxyCommand=x:", "me@-x:", "-me@host:", "@host:",
        "ho st:", "ho\nst:", "$(x):", "a;b:", "me`x`@host:", "a/b:c", "[::1:/x",
    ])
    func refusesWhatIsNoSource(text: String) {
        #expect(throws: MountOptionError.self) { try RemoteSource(parsing: text) }
    }
}

@Suite struct OptionListTests {
    @Test func splitsAtCommasOutsideEscapes() {
        #expect(
            splitOptionList(#"a,b=c\,d,,e=f=g,h=\\"#) == [
                OptionItem(name: "a", value: nil), OptionItem(name: "b", value: "c,d"),
                OptionItem(name: "e", value: "f=g"), OptionItem(name: "h", value: #"\"#),
            ])
    }

    @Test func keepsTrailingBackslash() {
        #expect(splitOptionList(#"a=\"#) == [OptionItem(name: "a", value: #"\"#)])
    }
}

@Suite struct MountOptionsTests {
    private func options(_ lists: String...) throws -> MountOptions {
        var options = MountOptions(
            source: try RemoteSource(parsing: "host:"), mountPoint: "/mnt",
            sshKeywords: ["IdentityFile", "ServerAliveInterval", "Port", "Ciphers", "User"])
        for list in lists { try options.apply(optionList: list) }
        return options
    }

    @Test func handsSSHOptionsOverInOrderAndInAnyCase() throws {
        let options = try options("identityfile=/k,ServerAliveInterval=15", "PORT=2222")
        #expect(
            options.sshOptions == [
                .init(name: "IdentityFile", value: "/k"),
                .init(name: "ServerAliveInterval", value: "15"),
                .init(name: "Port", value: "2222"),
            ])
    }

    @Test func handsKernelOptionsOver() throws {
        #expect(
            try options("ro,allow_other,nodev").kernelOptions == ["ro", "allow_other", "nodev"])
    }

    @Test func readsNumbersInTheirOwnBase() throws {
        let options = try options("uid=1000,gid=100,umask=022,entry_timeout=0.5")
        #expect(options.ownership.userID == 1000)
        #expect(options.ownership.groupID == 100)
        #expect(options.ownership.umask == 0o22)
        #expect(options.caches.nameTimeout == .milliseconds(500))
    }

    @Test func lastOfTwoOppositeOptionsWins() throws {
        #expect(try options("no_contain_symlinks,contain_symlinks").symlinks.areContained)
        #expect(try !options("contain_symlinks", "no_contain_symlinks").symlinks.areContained)
        #expect(try options("kernel_cache,noauto_cache,auto_cache").caches == CacheOptions())
        #expect(try options("transform_symlinks,norellinks").symlinks == SymlinkOptions())
        #expect(try options("workaround=norename:rename").workarounds == Workarounds())
    }

    @Test func debuggingStaysInForeground() throws {
        let options = try options("debug")
        #expect(options.tracesRequests)
        #expect(options.sshOptions.isEmpty)
        #expect(options.staysInForeground)
    }

    @Test func sayingMoreComesBeforeWhatIsSaidAboutTheLevel() throws {
        var options = try options("Port=7")
        options.sayMore(times: 0)
        #expect(options.sshOptions.count == 1)
        options.sayMore(times: 2)
        #expect(options.sshOptions.first == .init(name: "LogLevel", value: "DEBUG2"))
        options.sayMore(times: 9)
        #expect(options.sshOptions.first == .init(name: "LogLevel", value: "DEBUG3"))
    }

    @Test func ignoresWhatOnlyMountAndOldVersionsKnow() throws {
        let plain = try options()
        let noisy = try options(
            "_netdev,noauto,users,user=me,x-systemd.automount,X-mount.mkdir=0755,comment=x,nofail")
        #expect(noisy == plain)
    }

    @Test(arguments: [
        ("alow_other", "allow_other"), ("IdentityFil=/k", "IdentityFile"),
        ("no_contain_symlink", "no_contain_symlinks"), ("umaks=0", "umask"),
    ])
    func suggestsTheNearestName(text: String, suggestion: String) {
        let name = String(text.prefix { $0 != "=" })
        #expect(throws: MountOptionError.unknownOption(name, suggestion: suggestion)) {
            try options(text)
        }
    }

    @Test func suggestsNothingForWhatIsNearNothing() {
        #expect(throws: MountOptionError.unknownOption("zzzzqqqq", suggestion: nil)) {
            try options("zzzzqqqq")
        }
    }

    @Test(arguments: [
        "port=0", "port=x", "port=70000", "umask=9", "uid=-1", "attr_timeout=-1",
        "attr_timeout=nan", "attr_timeout=1e300", "subtype=a/b", "cache=maybe", "dir_cache=strict",
        "idmap=names", "nomap=", "uidfile=", "workaround=renam", "workaround=",
        "modules=threadpool",
        "subdir=", "to_code=", "max_read=4095", "max_write=x", "max_conns=0", "dcache_timeout=x",
        "dcache_max_size=-1",
    ])
    func refusesValuesThatDoNotFit(text: String) throws {
        let error = #expect(throws: MountOptionError.self) { try options(text) }
        guard case .invalidValue? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func subdirectoryIsNeededByItsModule() throws {
        #expect(throws: MountOptionError.missingOption("subdir", neededBy: "modules=subdir")) {
            try options("modules=subdir").requireConsistency()
        }
        try options("modules=subdir:iconv,subdir=/a").requireConsistency()
    }

    @Test func refusesMissingAndUnexpectedValues() {
        #expect(throws: MountOptionError.missingValue("port")) { try options("port") }
        #expect(throws: MountOptionError.missingValue("IdentityFile")) {
            try options("IdentityFile")
        }
        #expect(throws: MountOptionError.unexpectedValue("ro")) { try options("ro=1") }
        #expect(throws: MountOptionError.unexpectedValue("debug")) { try options("debug=1") }
    }

}
