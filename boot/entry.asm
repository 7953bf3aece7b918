; SPDX-License-Identifier: BSD-2-Clause
;
; The entry point: the multiboot2 header, and the switch from 32-bit protected mode
; to long mode. GRUB enters here both on BIOS and on UEFI machines.
; Multiboot2 specification 2.0, 3.1 (header), 3.3 (machine state).

MULTIBOOT2_MAGIC	equ 0xe85250d6
MULTIBOOT2_I386		equ 0

	section .multiboot
	align 8
header:
	dd MULTIBOOT2_MAGIC
	dd MULTIBOOT2_I386
	dd header_end - header
	dd 0x100000000 - (MULTIBOOT2_MAGIC + MULTIBOOT2_I386 + (header_end - header))
	dw 0, 0			; the end tag
	dd 8
header_end:

%define PTE_PRESENT_WRITE 0x03
%define PTE_LARGE	  0x80

%include "boot/cr.inc"

QEMU_EXIT_PORT		equ 0xf4
QEMU_REFUSED		equ 0x12
BOCHS_SHUTDOWN_PORT	equ 0x8900

	section .text
	bits 32
	global entry32
	extern boot_stack_top, words_block
entry32:
	cli
	cld
	mov esp, boot_stack_top
	push eax		; magic, for kernel_main
	push ebx		; boot information

	; Check for CPUID (EFLAGS.ID can be toggled), then for long mode:
	; CPUID.8000_0001:EDX[29].
	pushfd
	pop eax
	mov ecx, eax
	xor eax, 1 << 21
	push eax
	popfd
	pushfd
	pop eax
	cmp eax, ecx
	je no_long_mode
	mov eax, 0x80000000
	cpuid
	cmp eax, 0x80000001
	jb no_long_mode
	mov eax, 0x80000001
	cpuid
	test edx, 1 << 29
	jz no_long_mode

	; Identity map the first 4 GiB with 2 MiB pages; mmu.c builds the final tables.
	mov edi, boot_pml4
	mov dword [edi], boot_pdpt + PTE_PRESENT_WRITE
	mov edi, boot_pdpt
	mov eax, boot_pd + PTE_PRESENT_WRITE
	mov ecx, 4
.pdpt:	mov [edi], eax
	add eax, 4096
	add edi, 8
	loop .pdpt
	mov edi, boot_pd
	mov eax, PTE_PRESENT_WRITE | PTE_LARGE
	mov ecx, 4 * 512
.pd:	mov [edi], eax
	add eax, 2 << 20
	add edi, 8
	loop .pd

	set_cr
	mov eax, boot_pml4
	mov cr3, eax
	mov ecx, EFER
	mov eax, EFER_LME
	xor edx, edx
	wrmsr
	mov eax, CR0_LONG
	mov cr0, eax
	pop esi			; boot information
	pop edi			; magic
	lgdt [boot_gdtr]
	jmp 0x08:entry64

no_long_mode:
	mov esi, no_long_mode_text
	mov edx, 0x3fb		; COM1, 115200 8N1
	mov al, 0x80
	out dx, al
	mov dl, 0xf8
	mov al, 1
	out dx, al
	inc edx
	mov al, 0
	out dx, al
	mov dl, 0xfb
	mov al, 3
	out dx, al
.next:	lodsb
	test al, al
	jz .halt
	mov ah, al
	mov dl, 0xfd
	mov ecx, 1 << 20	; a missing UART must not hang us
.wait:	in al, dx
	test al, 0x20
	loopz .wait
	mov al, ah
	mov dl, 0xf8
	out dx, al
	jmp .next

	; Obey exit= in the words embedded in the kernel's file, as kernel/host/poweroff.c.
.halt:	mov edi, exit_qemu
	mov ebx, EXIT_QEMU_SIZE
	call is_in_words
	jne .bochs
	mov edx, QEMU_EXIT_PORT
	mov al, QEMU_REFUSED
	out dx, al
.bochs:	mov edi, exit_bochs
	mov ebx, EXIT_BOCHS_SIZE
	call is_in_words
	jne .for_ever
	mov esi, shutdown
	mov ecx, SHUTDOWN_SIZE
	mov edx, BOCHS_SHUTDOWN_PORT
	rep outsb
.for_ever:
	hlt
	jmp .for_ever

; Sets ZF if the EBX bytes at EDI occur in the block of words.
is_in_words:
	mov esi, words_block
	mov eax, 1024
.next:	push esi
	push edi
	mov ecx, ebx
	repe cmpsb
	pop edi
	pop esi
	je .done
	inc esi
	dec eax
	jnz .next
	test esi, esi		; nonzero: clears ZF
.done:	ret

	bits 64
	extern kernel_main
entry64:
	mov eax, 0x10
	mov ds, eax
	mov es, eax
	mov ss, eax
	xor eax, eax
	mov fs, eax
	mov gs, eax
	mov rsp, boot_stack_top
	xor ebp, ebp
	mov esi, esi		; the upper halves are undefined
	mov edi, edi
	call kernel_main
.halt:	cli
	hlt
	jmp .halt

	section .rodata
	align 8
boot_gdt:
	dq 0
	dq 0x00af9b000000ffff	; 64-bit code
	dq 0x00cf93000000ffff	; data
boot_gdtr:
	dw $ - boot_gdt - 1
	dd boot_gdt
exit_qemu: db "exit=qemu"
EXIT_QEMU_SIZE equ $ - exit_qemu
exit_bochs: db "exit=bochs"
EXIT_BOCHS_SIZE equ $ - exit_bochs
shutdown: db "Shutdown"
SHUTDOWN_SIZE equ $ - shutdown

; A complete log (docs/log.md); the macros compute its checksum at assembly time.
%assign crc 0xffffffff
%macro sum 1			; adds a byte to the CRC
%assign crc crc ^ (%1)
%rep 8
%assign crc (crc >> 1) ^ (0xedb88320 & -(crc & 1))
%endrep
%endmacro
%macro text 1
	db %1
%strlen length %1
%assign i 0
%rep length
%assign i i + 1
%substr char %1 i
	sum char
%endrep
%endmacro
%macro line 1
	text %1
	db 13, 10
	sum 10
%endmacro
%macro put_crc 0
%assign crc crc ^ 0xffffffff
%assign shift 28
%rep 8
%assign digit (crc >> shift) & 15
	db digit + (digit < 10 ? '0' : 'a' - 10)
%assign shift shift - 4
%endrep
%endmacro

no_long_mode_text:
	line "TAP version 13"
	line "# nestbox log 1"
	line "# refused: this CPU has no 64-bit long mode; CPUID.8000_0001:EDX bit 29 (LM) is 0"
	line "# remedy:  take a 64-bit CPU with Intel VT-x or AMD-V"
	line "1..0 # SKIP this CPU has no 64-bit long mode; CPUID.8000_0001:EDX bit 29 (LM) is 0"
	text "# nestbox end REFUSED ok=0 failed=0 skipped=0 [0 "
	put_crc
	db "]", 13, 10, 0

	section .bss
	align 4096
boot_pml4: resb 4096
boot_pdpt: resb 4096
boot_pd:   resb 4 * 4096

	section .note.GNU-stack noalloc noexec nowrite progbits
