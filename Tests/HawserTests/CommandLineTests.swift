// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import MountOptions
import RemoteFS
import SSHConfig
import Testing

@testable import hawser

@Suite struct CommandLineTests {
    private func mount(_ arguments: String...) throws -> Mount {
        try #require(try Mount.parseAsRoot(separateShortOptions(arguments)) as? Mount)
    }

    @Test func takesOptionsBeforeBetweenAndBehindTheOperands() throws {
        let mount = try mount("-p", "22", "me@host:dir", "-oro", "/mnt", "-o", "uid=1,gid=2", "-C")
        let options = try mount.options()
        #expect(options.source.text == "me@host:dir")
        #expect(options.mountPoint == "/mnt")
        #expect(options.kernelOptions == ["ro"])
        #expect(options.ownership.userID == 1)
        #expect(
            options.sshOptions.map { "\($0.name)=\($0.value)" } == ["Port=22", "Compression=yes"])
    }

    @Test func understandsTheLettersOfSSH() throws {
        let options = try mount(
            "-4vvJ", "a,b:2022", "-l", "do %x", "-i", "/with space", "-C6", "host:", "/mnt"
        ).options()
        #expect(
            options.sshOptions.map { "\($0.name)=\($0.value)" } == [
                "LogLevel=DEBUG2", #"User="do %%x""#, "ProxyJump=a,b:2022", "Compression=yes",
                "AddressFamily=inet", "AddressFamily=inet6", #"IdentityFile="/with space""#,
            ])
        let configuration = SSHConfiguration(
            commandLine: options.sshOptions.map { "\($0.name)=\($0.value)" }, files: .none,
            local: LocalContext(userName: "me", userID: 1, homeDirectory: "/home/me"))
        let resolved = try configuration.effective(host: "host").options
        #expect(resolved.identityFiles.map(\.path) == ["/with space"])
        #expect(resolved.proxyJump.map(\.host) == ["a", "b"])
        #expect(resolved.addressFamily == .inet)
    }

    @Test func takesEveryOptionOfSSHConfig() throws {
        for keyword in SSHConfiguration.keywords {
            let options = try mount("-o", "\(keyword.lowercased())=x", "host:", "/mnt")
            guard !["port"].contains(keyword.lowercased()) else { continue }
            #expect(
                try options.options().sshOptions.map(\.name)
                    == (keyword == "User" ? [] : [keyword]))
        }
    }

    @Test func takesWhatGuidesToSSHFSSay() throws {
        _ = try mount(
            "-o", "compression=yes,ServerAliveInterval=45,ServerAliveCountMax=2,IdentityFile=~/k",
            "-o", "StrictHostKeyChecking=no,UserKnownHostsFile=/dev/null,cipher=aes128-ctr",
            "host:", "/mnt"
        ).options()
    }

    @Test func printsTheConfigurationOfAHost() throws {
        let arguments = separateShortOptions([
            "config", "-F", "none", "-vp7", "-oUser=x y", "-o", "Tag t", "me@Host.Example",
        ])
        let command = try Hawser.parseAsRoot(arguments)
        let config = try #require(command as? Config)
        var local = LocalContext(userName: "local", userID: 1, homeDirectory: "/home/me")
        #expect(throws: SSHConfigError.self) { try config.lines(local: local) }
        local.readFile = { _ in .bytes(Array("Port 9\nPasswordAuthentication no".utf8)[...]) }
        let plain = try #require(
            try Hawser.parseAsRoot(["config", "-F", "/c", "-p", "7", "me@Host.Example"]) as? Config)
        let lines = try plain.lines(local: local)
        for line in [
            "host Host.Example", "hostname host.example", "user me", "port 7",
            "passwordauthentication no", "ciphers", "kexalgorithms", "loglevel INFO",
        ] {
            #expect(lines.contains { $0 == line || $0.hasPrefix(line + " ") }, "\(line)")
        }
    }

    @Test func takesValuesJoinedToTheirLetter() throws {
        let options = try mount("-p2222", "-F/c", "-ofsname=x", "host:", "/mnt").options()
        #expect(options.sshOptions.first?.value == "2222")
        #expect(options.sshConfigFile == "/c")
        #expect(options.sourceName == "x")
    }

    @Test func separatesBundledLetters() {
        #expect(
            separateShortOptions(["-fCo", "ro", "-fp22", "host:", "--debug", "-o-x", "--", "-fC"])
                == [
                    "-f", "-C", "-o", "ro", "-f", "-p", "22", "host:", "--debug", "-o", "-x", "--",
                    "-fC",
                ])
        #expect(separateShortOptions(["-", "-o"]) == ["-", "-o"])
    }

    @Test func takesOptionValuesThatLookLikeOptions() throws {
        let mount = try mount("-o", "-x", "host:", "/mnt")
        #expect(mount.optionLists == ["-x"])
        #expect(throws: (any Error).self) { try mount.options() }
    }

    @Test func namesTheCommandsWhereItIsGivenNone() {
        #expect(
            Hawser.problem(withCommand: "frob")
                == "'frob' is not a command; "
                + "there are: mount, unmount, cp, serve, list, status, reconnect, flush, config, doctor"
        )
        for word in ["mount", "unmount", "reconnect", "flush", "config", "help", "--help", "-V"] {
            #expect(Hawser.problem(withCommand: word) == nil)
        }
    }

    @Test(arguments: [
        ["--timeout", "0", "/m"], ["--timeout", "x", "/m"], ["--timeout=86401", "/m"],
        ["-z", "--force", "/m"],
    ])
    func refusesToUnmountInsideNoTime(arguments: [String]) {
        #expect(throws: (any Error).self) {
            try Hawser.parseAsRoot(["unmount"] + separateShortOptions(arguments))
        }
    }

    @Test(arguments: ["", "1", "1 2 3", "-1 2", "1 -2", "a b", "1  2", "1 99999999999999999999"])
    func takesNoOtherTextForAnAmount(text: String) {
        #expect(UnwrittenData(text: text) == nil)
    }

    @Test func amountOfDataTravelsAsText() {
        let data = UnwrittenData(files: 1, bytes: 4096)
        #expect(UnwrittenData(text: data.text) == data)
        #expect(data.inWords == "4.0 KiB of 1 file")
    }

    @Test func isOfTheTypeItIsCalledBy() throws {
        var mount = try mount("host:", "/mnt")
        #expect(try mount.options().typeName == "hawser")
        mount.role = .sshfs
        #expect(try mount.options().typeName == "sshfs")
    }

    @Test func understandsTheArgumentsOfMountHelpers() {
        let arguments = [
            "host:/x", "/mnt", "-s", "-n", "-v", "-N", "ns", "-o", "rw,port=1", "-t", "fuse.hawser",
        ]
        #expect(helperArguments(arguments) == ["host:/x", "/mnt", "-v", "-o", "rw,port=1"])
        #expect(helperArguments(["a:", "/b", "-f"]) == ["a:", "/b", "--pretend"])
        #expect(helperArguments(["a:", "/b", "-o"]) == ["a:", "/b", "-o"])
    }
}
