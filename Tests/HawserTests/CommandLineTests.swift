// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import MountOptions
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
        #expect(options.userID == 1)
        #expect(
            options.sshOptions.map { "\($0.name)=\($0.value)" } == ["Port=22", "Compression=yes"])
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
