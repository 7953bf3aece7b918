# SPDX-License-Identifier: BSD-2-Clause
import gzip
import lzma
import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import kvm
import linux
import machines
import modules
import status as s

SVM = machines.MACHINES["kvm-svm"]
VMX = machines.MACHINES["kvm-vmx"]
OFFERED = [f"linux-image-{version}" for version in (
    "6.1.0-9-cloud-amd64", "6.1.0-56-cloud-amd64", "6.1.0-56-amd64", "6.12-cloud-amd64",
    "6.12.100+deb12-cloud-amd64", "6.12.94+deb12-cloud-amd64", "6.1.0-56-cloud-amd64-dbg",
    "cloud-amd64", "6.13.1-rt-amd64")]


def module(needs="", *parameters):
    return b"\x7fELF\0" + b"".join(
        f"parmtype={name}:bool\0".encode() for name in parameters) \
        + f"depends={needs}\0name=x\0".encode() + "\0".join(parameters).encode() + b"\0"


def bzimage(release):
    head = bytearray(0x400)
    head[0x202:0x206] = b"HdrS"
    head[0x20e:0x210] = (0x100).to_bytes(2, "little")
    text = f"{release} (me@here) #1 SMP\0".encode()
    return bytes(head[:0x300]) + text + bytes(64)


class InFolder(unittest.TestCase):
    """With a folder, and no kernel but what is put there."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = Path(folder.name)
        linux.find.cache_clear()
        kvm.below.cache_clear()

    def put(self, name, data=b""):
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def environment(self, where=None, params=""):
        return mock.patch.dict(os.environ, {
            linux.KVM_LINUX: str(where or self.dir), kvm.KVM_PARAMS: params,
            "NESTBOX_PWD": str(self.dir)})

    def refused(self, why, function, *arguments):
        with self.assertRaises(s.Stop) as caught:
            function(*arguments)
        self.assertEqual(caught.exception.status, s.USAGE)
        self.assertIn(why, caught.exception.lines[0])

    def put_package(self):
        self.put("boot/vmlinuz-6.1.0-1-cloud-amd64", bzimage("6.1.0-1-cloud-amd64"))
        base = "lib/modules/6.1.0-1-cloud-amd64"
        self.put(f"{base}/modules.builtin", b"kernel/virt/lib/irqbypass.ko\n")
        self.put(f"{base}/kernel/arch/x86/kvm/kvm.ko.xz",
                 lzma.compress(module("irqbypass", "ignore_msrs")))
        self.put(f"{base}/kernel/arch/x86/kvm/kvm-amd.ko.gz",
                 gzip.compress(module("kvm,ccp", "npt")))
        self.put(f"{base}/kernel/drivers/crypto/ccp/ccp.ko", module())


class Kernels(InFolder):
    def test_a_package(self):
        self.put_package()
        with self.environment():
            found = linux.find()
        self.assertEqual(found.release, "6.1.0-1-cloud-amd64")
        self.assertEqual(sorted(found.modules), ["ccp", "kvm", "kvm_amd"])
        self.assertTrue(found.has("irqbypass"))
        self.assertFalse(found.has("kvm_intel"))

    def test_a_build_tree(self):
        self.put("arch/x86/boot/bzImage", bzimage("6.9.0-dirty"))
        self.put("modules.builtin", b"kernel/arch/x86/kvm/kvm.ko\nkernel/arch/x86/kvm/kvm-intel.ko")
        with self.environment():
            self.assertEqual(kvm.Modules(VMX).order, [])
            self.assertEqual(kvm.below(VMX), "linux-6.9.0-dirty,kvm_intel.enable_apicv=0")
            with self.assertRaises(s.Stop) as caught:
                kvm.Modules(SVM)
        self.assertEqual(caught.exception.status, s.CANNOT)

    def test_an_image_and_its_modules(self):
        self.put("image", bzimage("6.9"))
        self.put("m/kvm-intel.ko", module())
        with self.environment(self.dir / "image"):
            self.assertEqual(linux.find().modules, {})
        linux.find.cache_clear()
        with self.environment("image:m"):
            self.assertEqual(list(linux.find().modules), ["kvm_intel"])

    def test_what_is_not_there(self):
        self.put("frob", b"x")
        self.put("d/x")
        for where, why in (("/nowhere", "there is no /nowhere"), ("nowhere", "no version"),
                           ("frob:m", "no folder"), ("d", "has neither")):
            linux.find.cache_clear()
            with self.environment(where):
                self.refused(why, linux.find)
        linux.find.cache_clear()
        with self.environment("frob"):
            self.refused("no bzImage", lambda: linux.find().release)

    def test_versions(self):
        for version, chosen in (
                ("", "6.12.100+deb12-cloud-amd64"), ("6.1", None),
                ("6.1.0", "6.1.0-56-cloud-amd64"), ("6.1.0-9", "6.1.0-9-cloud-amd64"),
                ("6.1.0-56-amd64", "6.1.0-56-amd64"), ("6.12", "6.12.100+deb12-cloud-amd64"),
                ("6.12.94", "6.12.94+deb12-cloud-amd64"), ("6.2", None), ("6.1.0-5", None)):
            if version == "6.1":
                chosen = "6.1.0-56-cloud-amd64"
            self.assertEqual(linux.choose(OFFERED, version), chosen, version)
        self.assertIsNone(linux.choose([], ""))


class Parameters(InFolder):
    def test_what_is_no_parameter(self):
        for text, why in (("nested=1", '"nested=1" is not'), ("kvm.a=b,c", "is not"),
                          ("kvm.", "is not"), ("ext4.x=1", 'unknown module "ext4"')):
            with self.environment(params=text):
                self.refused(why, kvm.parse_params, text)
        self.assertEqual(kvm.parse_params(" kvm.x kvm-amd.npt=0 "),
                         [("kvm", "x"), ("kvm_amd", "npt=0")])

    def test_they_go_to_their_modules(self):
        self.put_package()
        text = "kvm.ignore_msrs=1 irqbypass.x=1 kvm_amd.npt=1 kvm_intel.ept=0"
        with self.environment(params=text):
            loaded = kvm.Modules(SVM)
            self.assertEqual(loaded.lines, ["kvm.ko ignore_msrs=1", "ccp.ko", "kvm_amd.ko npt=1"])
            self.assertEqual(loaded.params, ["irqbypass.x=1"])
            self.assertEqual(kvm.words(SVM), ["below=linux-6.1.0-1-cloud-amd64,"
                                              "kvm.ignore_msrs=1,irqbypass.x=1,kvm_amd.npt=1"])

    def test_a_module_has_to_know_them(self):
        self.put_package()
        with self.environment(params="kvm_amd.ntp=1"):
            self.refused('kvm_amd has no parameter "ntp"; it has: npt', kvm.Modules, SVM)

    def test_the_prefix_is_told(self):
        self.put("image", bzimage("6.9"))
        for text, fep in (("kvm.force_emulation_prefix=1", True), ("kvm.ignore_msrs=1", False),
                          ("kvm.force_emulation_prefix=0", False)):
            kvm.below.cache_clear()
            with self.environment("./image", text):
                self.assertEqual("fep" in kvm.words(SVM), fep, text)

    def test_they_have_to_fit(self):
        self.put("image", bzimage("6.9"))
        with self.environment("./image", "kvm.x=" + 100 * "1"):
            self.assertEqual(len(kvm.below(SVM)), 116)
        kvm.below.cache_clear()
        with self.environment("./image", "kvm.x=" + 112 * "1"):
            self.refused("up to 127", kvm.below, SVM)


class Order(unittest.TestCase):
    def test_each_behind_what_it_needs(self):
        needed = {"kvm_amd": ["kvm", "ccp"], "kvm": ["irqbypass", "built_in"], "irqbypass": [],
                  "ccp": [], "other": []}
        self.assertEqual(modules.load_order(["kvm_amd"], needed),
                         ["irqbypass", "kvm", "ccp", "kvm_amd"])
        self.assertEqual(modules.load_order(["kvm_amd"], {}), [])

    def test_signatures_are_cut_off(self):
        signed = b"module" + b"PKCS" * 9 + bytes(8) + (36).to_bytes(4, "big") \
            + b"~Module signature appended~\n"
        self.assertEqual(modules.unsigned(signed), b"module")
        self.assertEqual(modules.unsigned(b"module"), b"module")

    def test_names(self):
        for name, expected in (("kvm-amd.ko", "kvm_amd"), ("a/kvm.ko.zst", "kvm"),
                               ("modules.dep", None), ("kvm.ko.txt", None), ("x.ko.xz", "x")):
            self.assertEqual(modules.name_of(name), expected, name)


class Migrations(unittest.TestCase):
    def test_all_were_made(self):
        for made, inside, why in ((5, 3, None), (6, 3, None), (4, 4, "was 4 times"),
                                  (5, 2, "2 were inside")):
            lines = [f"vmm: migrated {made} times, {inside} inside of the innermost guest",
                     "vmm: end 33"]
            seen = kvm.migrations_missing(lines, 5)
            self.assertEqual(seen if why is None else why in seen, None if why is None else True)
        self.assertIn("was 0 times", kvm.migrations_missing(["vmm: end 33"], 5))


class Options(unittest.TestCase):
    def test_options_of_the_vmm(self):
        setup = machines.Setup(VMX, None, None, 2, 256, words="seed=7 trace seed=9", migrate=5)
        self.assertEqual(kvm.vmm_options(setup), "-c 2 -m 256 -q -b -M 5 -S 9")
        self.assertEqual(kvm.vmm_options(machines.Setup(SVM, None, None)), "-c 1 -m 128 -q")
