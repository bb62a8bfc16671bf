// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import SFTPServer
import Testing
import Wire

/// One request of every operation, on what `PolicyTests` puts into the directory.
private func everyRequest(in directory: TemporaryDirectory, handle: Bytes) -> [SFTPRequest] {
    let file = directory["f"]
    let new = directory["new"]
    let attributes = FileAttributes(permissions: 0o600)
    return [
        .open(path: file, flags: .read, attributes: FileAttributes()),
        .close(handle: [9]), .read(handle: handle, offset: 0, length: 1),
        .write(handle: handle, offset: 0, data: [bytes("x")]), .lstat(path: file),
        .fstat(handle: handle), .setstat(path: file, attributes: attributes),
        .fsetstat(handle: handle, attributes: attributes), .opendir(path: directory["."]),
        .readdir(handle: [9]), .remove(path: file),
        .mkdir(path: new, attributes: FileAttributes()), .rmdir(path: directory["d"]),
        .realpath(path: file), .stat(path: file), .rename(oldPath: file, newPath: new),
        .readlink(path: directory["l"]), .symlink(target: file, linkPath: new),
        .posixRename(oldPath: file, newPath: new), .statvfs(path: file),
        .fstatvfs(handle: handle), .hardlink(oldPath: file, newPath: new),
        .fsync(handle: handle), .lsetstat(path: file, attributes: attributes), .limits,
        .expandPath(path: file),
        .copyData(
            readHandle: handle, readOffset: 0, length: 0, writeHandle: handle, writeOffset: 0),
        .homeDirectory(user: bytes("root")), .usersGroupsByID(uids: [0], gids: [0]),
    ]
}

@Suite struct PolicyTests {
    let directory = TemporaryDirectory()

    init() { directory.shell("printf abc > f; chmod 644 f; mkdir d; ln -s f l") }

    private func isRefused(_ reply: SFTPReply) -> Bool {
        reply == .status(SFTPStatus(.permissionDenied))
    }

    @Test func readOnlyServerRefusesExactlyWhatWrites() throws {
        let session = try TestSession(policy: RequestPolicy(isReadOnly: true), level: .verbose)
        let handle = try session.open(directory["f"], .read)
        let before = directory.shell("ls -lA --time-style=full-iso . d; cat f")
        let requests = everyRequest(in: directory, handle: handle)
        #expect(requests.map(\.operation) == SFTPOperation.allCases)
        for request in requests {
            let operation = try #require(request.operation)
            _ = session.log.take()
            #expect(
                isRefused(try session.ask(request)) == operation.writes, "\(operation.rawValue)")
            let line = "Refusing \(operation.rawValue) request in read-only mode"
            #expect((session.log.take().first == line) == operation.writes)
        }
        #expect(directory.shell("ls -lA --time-style=full-iso . d; cat f") == before)
    }

    /// Source: the `does_write` column of OpenSSH's server.
    @Test func whatWritesIsWhatOpenSSHTakesToWrite() {
        #expect(
            SFTPOperation.allCases.filter(\.writes).map(\.rawValue) == [
                "write", "setstat", "fsetstat", "remove", "mkdir", "rmdir", "rename", "symlink",
                "posix-rename", "hardlink", "fsync", "lsetstat", "copy-data",
            ])
    }

    @Test(
        arguments: [
            [.write], [.read, .write], [.read, .create], [.read, .truncate], [.create], [.truncate],
            [.append, .write],
        ] as [OpenFlags])
    func readOnlyServerOpensForReadingOnly(flags: OpenFlags) throws {
        let session = try TestSession(policy: RequestPolicy(isReadOnly: true))
        for name in ["f", "new"] {
            let request = SFTPRequest.open(
                path: directory[name], flags: flags, attributes: FileAttributes())
            #expect(isRefused(try session.ask(request)))
        }
        #expect(directory.shell("ls; cat f") == "d\nf\nl\nabc")
    }

    @Test(arguments: SFTPOperation.allCases)
    func deniedRequestIsRefused(operation: SFTPOperation) throws {
        let session = try TestSession(
            policy: RequestPolicy(denied: [operation.rawValue]), level: .verbose)
        for request in everyRequest(in: directory, handle: [9])
        where request.operation == operation {
            #expect(isRefused(try session.ask(request)))
            #expect(session.log.take().first == "Refusing denylisted \(operation.rawValue) request")
        }
        #expect(isRefused(try session.ask(.stat(path: directory["f"]))) == (operation == .stat))
    }

    @Test(arguments: SFTPOperation.allCases)
    func onlyAllowedRequestsAreNotRefused(operation: SFTPOperation) throws {
        let session = try TestSession(policy: RequestPolicy(allowed: [operation.rawValue]))
        for request in everyRequest(in: directory, handle: [9]) {
            #expect(isRefused(try session.ask(request)) == (request.operation != operation))
        }
    }

    @Test func refusedExtensionsAreNotAnnounced() throws {
        func announced(_ policy: RequestPolicy) throws -> [String] {
            let session = try TestSession(policy: policy, isInitialized: false)
            let packet = SFTPClientMessage.initialize(version: 3).encode()
            guard case .version(let version)? = try session.send(packet).first else {
                throw Unexpected("no version")
            }
            return version.extensions.map(\.name)
        }
        let all = try announced(RequestPolicy())
        #expect(all == SFTPExtension.allCases.map(\.rawValue))
        #expect(
            try announced(RequestPolicy(isReadOnly: true)) == [
                "statvfs@openssh.com", "fstatvfs@openssh.com", "limits@openssh.com",
                "expand-path@openssh.com", "home-directory", "users-groups-by-id@openssh.com",
            ])
        #expect(
            try announced(RequestPolicy(denied: ["limits"]))
                == all.filter { $0 != "limits@openssh.com" })
        #expect(try announced(RequestPolicy(allowed: ["fsync"])) == ["fsync@openssh.com"])
    }
}
