// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Testing

@testable import SFTPServer

@Suite struct ForcedModeTests {
    let directory = TemporaryDirectory()

    private func session(_ modes: ForcedModes) throws -> TestSession {
        var policy = RequestPolicy()
        policy.modes = modes
        return try TestSession(policy: policy)
    }

    private func modes(_ names: String) -> String {
        directory.shell("stat -c %a \(names) | paste -sd ' ' | tr -d '\\n'")
    }

    @Test func newFilesAndDirectoriesGetForcedModes() throws {
        let session = try session(ForcedModes(file: 0o600, directory: 0o711))
        _ = try session.open(directory["f"], [.write, .create], permissions: 0o4755)
        _ = try session.open(directory["g"], [.write, .create])
        let wanted = FileAttributes(permissions: 0o755)
        #expect(try session.status(.mkdir(path: directory["d"], attributes: wanted)).code == .ok)
        #expect(modes("f g d") == "600 600 711")
    }

    @Test func fileThatIsThereKeepsItsMode() throws {
        directory.shell("touch f; chmod 640 f")
        let session = try session(ForcedModes(file: 0o600))
        _ = try session.open(directory["f"], [.write, .create, .truncate], permissions: 0o755)
        #expect(modes("f") == "640")
    }

    @Test func changesOfModesAreNotCarriedOutButTheRestIs() throws {
        directory.shell("printf abc > f; chmod 640 f; mkdir d; chmod 750 d; ln -s f l")
        let session = try session(ForcedModes(directory: 0o711))
        let change = FileAttributes(size: 2, permissions: 0o777)
        #expect(try session.status(.setstat(path: directory["f"], attributes: change)).code == .ok)
        #expect(directory.shell("cat f") == "ab")
        let handle = try session.open(directory["f"], .write)
        let other = FileAttributes(size: 1, permissions: 0o777)
        #expect(try session.status(.fsetstat(handle: handle, attributes: other)).code == .ok)
        #expect(directory.shell("cat f") == "a")
        let mode = FileAttributes(permissions: 0o777)
        for name in ["f", "d"] {
            #expect(
                try session.status(.setstat(path: directory[name], attributes: mode)).code == .ok)
            #expect(
                try session.status(.lsetstat(path: directory[name], attributes: mode)).code == .ok)
        }
        #expect(modes("f d") == "640 750")
        let missing = SFTPRequest.setstat(path: directory["x"], attributes: mode)
        #expect(try session.status(missing).code == .noSuchFile)
    }

    @Test func maskIsForWhatIsNotForced() throws {
        let session = try session(ForcedModes(file: 0o600, mask: 0o077))
        let wanted = FileAttributes(permissions: 0o755)
        #expect(try session.status(.mkdir(path: directory["d"], attributes: wanted)).code == .ok)
        #expect(modes("d") == "700")
    }

    @Test(arguments: ["", "8", "1000", "-1", "+7", "0x7", "0o7", "6 4"])
    func refusesWhatIsNoMode(text: String) {
        #expect(ForcedModes.permissions(octal: text) == nil)
    }

    @Test func readsOctalNumbers() {
        #expect(ForcedModes.permissions(octal: "0640") == 0o640)
        #expect(ForcedModes.permissions(octal: "0") == 0)
        #expect(ForcedModes.permissions(octal: "777") == 0o777)
    }
}
