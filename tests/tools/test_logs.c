/* test_logs.c - logs of many programs, each with every number marked: a loss in the last digit of
 * which two runs differ is found, a time or a speed is none
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/support/losses.h"

/* As the programs print it, in words and numbers of our own.  «2.5» is compared, ‹0.5› is
 * not. */
static const struct log {
    const char *name, *text;
} logs[] = {
    {"megatron new",
     " [2024-05-10 10:11:12] iteration       10/     500 | consumed samples:         1280 | elapsed time per iteration (ms): ‹512.3› | throughput per GPU (TFLOP/s/GPU): ‹123.4› | learning rate: 1.500000E-04 | global batch size:   128 | lm loss: «1.034567E+01» | loss scale: ‹1.0› | grad norm: ‹2.345› | number of skipped iterations:   0 | number of nan iterations:   0 |\n"
     " [2024-05-10 10:11:22] iteration       20/     500 | consumed samples:         2560 | elapsed time per iteration (ms): ‹502.3› | throughput per GPU (TFLOP/s/GPU): ‹123.4› | learning rate: 1.500000E-04 | global batch size:   128 | lm loss: «9.034567E+00» | loss scale: ‹1.0› | grad norm: ‹2.345› | number of skipped iterations:   0 | number of nan iterations:   0 |\n"},
    {"megatron valid",
     " validation loss at iteration 100 | lm loss value: «4.345678E+00» | lm loss PPL: 7.712345E+01 | \n"},
    {"megatron mtp",
     " iteration        1/     500 | lm loss: «1.034567E+01» | load_balancing_loss: «1.234567E+00» | mtp_1 loss: «1.134567E+01» | loss scale: 1.0 |\n"},
    {"nemo",
     "Epoch 0: :   1%|1         | 10/1000 [00:12<20:12, ‹1.23› s/it, reduced_train_loss=«7.890», global_step=9.000, consumed_samples=80.00, train_step_timing in s=‹1.230›]\n"},
    {"nemo2",
     "[NeMo I 2024-05-10 10:11:12 nemo_logging:381] Training epoch 0, iteration 0/99 | lr: 1.499e-07 | global_batch_size: 512 | global_step: 0 | reduced_train_loss: «11.03456» | train_step_timing in s: ‹12.34›\n"
     "Training epoch 0, iteration 1/99 | lr: 3e-07 | global_batch_size: 512 | global_step: 1 | reduced_train_loss: «11.02456» | train_step_timing in s: ‹1.234› | consumed_samples: 1024\n"},
    {"deepspeed",
     "[2024-05-10 10:11:12,345] [INFO] [logging.py:96:log_dist] [Rank 0] step=10, skipped=0, lr=[1e-05, 1e-05], mom=[(0.9, 0.95), (0.9, 0.95)]\n"
     "[2024-05-10 10:11:12,346] [INFO] [timer.py:260:stop] epoch=0/micro_step=10/global_step=10, RunningAvgSamplesPerSec=‹12.345678›, CurrSamplesPerSec=‹12.345678›, MemAllocated=‹1.23›GB, MaxMemAllocated=‹4.56›GB\n"
     "steps: 10 loss: «2.3026» iter time (s): ‹0.512› samples/sec: ‹62.500›\n"},
    {"deepspeed chat", "Epoch: 0, Step: 3, Rank: 0, loss = «2.345678»\n"
                       "Epoch: 0, Step: 3, Rank: 1, loss = «2.245678»\n"},
    {"fairseq valid",
     "2021-05-10 10:11:12 | INFO | valid | epoch 001 | valid on 'valid' subset | loss «4.567» | nll_loss «3.123» | ppl 8.71 | wps ‹12345.6› | wpb 2345.1 | bsz 80 | num_updates 500\n"
     "2021-05-10 10:11:12 | INFO | valid | epoch 002 | valid on 'valid' subset | loss «4.467» | nll_loss «3.023» | ppl 8.12 | wps ‹12345.6› | wpb 2345.1 | bsz 80 | num_updates 1000 | best_loss «4.467»\n"},
    {"espnet2",
     "[node01] 2021-05-10 10:11:12,345 (trainer:732) INFO: 1epoch:train:1-50batch: iter_time=‹0.123›, forward_time=‹0.2›, loss_ctc=«123.4», loss_att=«45.67», acc=‹0.123›, loss=«69.01», backward_time=‹0.3›, optim0_lr0=1.0e-05, train_time=‹0.5›\n"
     "[node01] 2021-05-10 10:12:12,345 (trainer:732) INFO: 1epoch:train:51-100batch: iter_time=‹0.123›, forward_time=‹0.2›, loss_ctc=«113.4», loss_att=«44.67», acc=‹0.123›, loss=«68.01», backward_time=‹0.3›, optim0_lr0=1.0e-05, train_time=‹0.5›\n"},
    {"espnet2 results",
     "[node01] 2021-05-10 10:13:12,345 (trainer:338) INFO: 1epoch results: [train] iter_time=‹0.1›, loss_ctc=«100.5», acc=‹0.2›, loss=«60.12», time=‹3 minutes and 12.34 seconds›, total_count=100, gpu_max_cached_mem_GB=‹12.34›, [valid] loss_ctc=«90.5», acc=‹0.2›, cer=‹0.5›, loss=«50.12», time=‹12.34 seconds›, total_count=10\n"},
    {"kaldi py",
     "2021-05-10 10:11:12,345 [steps/nnet3/chain/train.py:529 - train - INFO ] Iter: 0/99   Jobs: 2   Epoch: 0.00/4.0 (0.0% complete)   lr: 0.002000   \n"
     "2021-05-10 10:11:12,345 [x] Iter 0: train_loss «-0.3456», valid_loss «-0.4567»\n"},
    {"k2 icefall",
     "2024-05-10 10:11:12,345 INFO [train.py:895] (0/2) Epoch 1, batch 50, loss[loss=«1.234», simple_loss=«1.111», pruned_loss=«7.123», over 1234.00 frames. ], tot_loss[loss=«1.345», simple_loss=«1.222», pruned_loss=«7.234», over 12345.67 frames. ], batch size: 30, lr: 3.00e-03, grad_scale: ‹8.0›\n"
     "2024-05-10 10:11:12,345 INFO [train.py:895] (1/2) Epoch 1, batch 50, loss[loss=«1.434», simple_loss=«1.311», pruned_loss=«7.523», over 1234.00 frames. ], tot_loss[loss=«1.545», simple_loss=«1.622», pruned_loss=«7.734», over 12345.67 frames. ], batch size: 30, lr: 3.00e-03, grad_scale: ‹8.0›\n"},
    {"detectron2 full",
     "[05/10 10:11:12 d2.utils.events]:  eta: ‹0:10:12›  iter: 19  total_loss: «1.958»  loss_cls: «0.9123»  loss_box_reg: «0.4123»  loss_rpn_cls: «0.3123»  loss_rpn_loc: «0.2123»    time: ‹0.2345›  last_time: ‹0.2245›  data_time: ‹0.0123›  last_data_time: ‹0.0023›   lr: 4.9953e-06  max_mem: ‹2100›M\n"},
    {"mmengine full",
     "05/10 10:11:12 - mmengine - INFO - Epoch(train)  [1][ 50/938]  base_lr: 1.0000e-02 lr: 1.0000e-02  eta: ‹0:01:02›  time: ‹0.0123›  data_time: ‹0.0023›  memory: ‹120›  grad_norm: ‹1.2345›  loss: «1.2345»  loss_cls: «0.2345»  loss_bbox: «0.1234»  acc: ‹80.1234›\n"},
    {"mmengine iter",
     "05/10 10:11:12 - mmengine - INFO - Iter(train) [   50/40000]  lr: 9.9891e-03  eta: ‹3:03:02›  time: ‹0.2745›  data_time: ‹0.0023›  memory: ‹4120›  loss: «2.1234»  decode.loss_ce: «1.5123»  decode.acc_seg: ‹45.1234›  aux.loss_ce: «0.6111»  aux.acc_seg: ‹40.1›\n"},
    {"mmdet json",
     "{\"mode\": \"train\", \"epoch\": 1, \"iter\": 50, \"lr\": 0.00198, \"memory\": ‹3906›, \"data_time\": ‹0.05423›, \"loss_rpn_cls\": «0.34512», \"loss_cls\": «1.20341», \"acc\": ‹80.12345›, \"loss\": «1.95812», \"time\": ‹0.52312›}\n"},
    {"ultralytics v8",
     "      Epoch    GPU_mem   box_loss   cls_loss   dfl_loss  Instances       Size\n"
     "\r        1/3      ‹2.1›G      «1.234»      «3.456»      «1.123»         12        640: 100%|██████████| 8/8 [00:01<00:00,  ‹5.12›it/s]\n"
     "                 Class     Images  Instances      Box(P          R      mAP50  mAP50-95): 100%|██████████| 4/4 [00:01<00:00,  ‹3.1›it/s]\n"
     "                   all        128        929      ‹0.612›      ‹0.512›      ‹0.561›      ‹0.412›\n"
     "\r        2/3      ‹2.1›G      «1.134»      «3.156»      «1.023»         12        640: 100%|██████████| 8/8 [00:01<00:00,  ‹5.12›it/s]\n"},
    {"timm 1.0",
     "Train: 0 [   0/1251 (  0%)]  Loss: «6.95»  (6.95)  Time: ‹3.123›s,   ‹82.12›/s  (‹3.123›s,   ‹82.12›/s)  LR: 1.000e-05  Data: ‹1.234› (‹1.234›)\n"
     "Test: [   0/48]  Time: ‹1.234› (‹1.234›)  Loss:   «6.912» (6.912)  Acc@1:   ‹0.123› (  ‹0.123›)  Acc@5:   ‹0.512› (  ‹0.512›)\n"},
    {"nanogpt", "step 0: train loss «4.2874», val loss «4.2823»\n"
                "iter 0: loss «4.2654», time ‹12345.67›ms, mfu ‹-100.00›%\n"
                "iter 10: loss «3.2456», time ‹20.12›ms, mfu ‹12.34›%\n"},
    {"nanochat",
     "step 00010/21400 (0.05%) | loss: «10.123456» | lrm: 1.00 | dt: ‹512.34›ms | tok/sec: ‹1,023,456› | mfu: ‹48.12› | total time: ‹0.12›m\n"
     "step 00011/21400 (0.05%) | loss: «10.023456» | lrm: 1.00 | dt: ‹512.34›ms | tok/sec: ‹1,023,456› | mfu: ‹48.12› | total time: ‹0.13›m\n"
     "Step 00250 | Validation bpb: 1.234567\n"},
    {"modded nanogpt",
     "step:10/5100 train_loss:«7.1234» train_time:‹1234›ms step_avg:‹nan›ms\n"
     "step:20/5100 train_loss:«6.1234» train_time:‹2234›ms step_avg:‹111.70›ms\n"
     "step:125/5100 val_loss:«5.1234» train_time:‹12234›ms step_avg:‹101.70›ms\n"},
    {"llm.c gpu",
     "step   10/18865 | loss «7.654321» (-‹1.23›z)| norm ‹1.2345› (-‹0.12›z)| lr 8.57e-06 | ‹1234.56› ms | ‹41.2›% bf16 MFU | ‹425123› tok/s\n"
     "val loss «7.123456»\n"},
    {"axolotl",
     "{'loss': «1.2345», 'grad_norm': ‹1.5›, 'learning_rate': 2e-05, 'memory/max_mem_active(gib)': ‹12.3›, 'memory/device_mem_reserved(gib)': ‹13.4›, 'epoch': 0.02}\n"
     "{'eval_loss': «1.3456», 'eval_runtime': ‹12.3456›, 'eval_samples_per_second': ‹8.123›, 'eval_steps_per_second': ‹1.012›, 'epoch': 0.5}\n"},
    {"torchtune disk",
     "Step 1 | loss:«1.2345678» lr:2e-05 tokens_per_second_per_gpu:‹1234.5678›  peak_memory_active:‹12.3›\n"
     "Step 2 | loss:«1.1345678» lr:2e-05 tokens_per_second_per_gpu:‹1234.5678›  peak_memory_active:‹12.3›\n"},
    {"torchtitan",
     "[rank0]:[titan] 2024-05-10 10:11:12,345 - root - INFO - step: 10  loss:  «7.8432»  grad_norm:  ‹1.2345›  memory: ‹12.34›GiB(‹12.34›%)  tps: ‹1,234›  tflops: ‹12.34›  mfu: ‹12.34›%\n"},
    {"flax lm1b",
     "I0510 10:11:12.345678 140123 logging_writer.py:48] [100] accuracy=‹0.234500›, learning_rate=0.000100, loss=«7.234567», perplexity=1385.1234, steps_per_second=‹3.2›\n"},
    {"flax mnist",
     "I0510 10:11:12.345678 140123 train.py:146] epoch:  1, train_loss: «0.2345», train_accuracy: ‹92.87›, test_loss: «0.0612», test_accuracy: ‹98.10›\n"},
    {"t5x",
     "I0510 10:11:12.345678 140123 trainer.py:416] Training: step 100 loss: «2.345» loss_per_nontarget: «1.2»\n"
     "I0510 10:11:12.345678 140123 logging_writer.py:48] [100] collection=train accuracy=‹0.12345›, cross_ent_loss=«234567.8», cross_ent_loss_per_all_target_tokens=«2.345678», timing/seconds=‹12.34›, timing/steps_per_second=‹1.23›, z_loss=«123.456»\n"},
    {"maxtext", "completed step: 10, seconds: ‹1.234›, TFLOP/s/device: ‹123.456›, Tokens/s/device: ‹3456.789›, total_weights: 65536, loss: «9.876»\n"},
    {"keras3 bar",
     "Epoch 1/2\n"
     "\r\033[1m 1/10\033[0m \033[32m━━\033[0m\033[37m━━━━━━\033[0m \033[1m‹3›s\033[0m ‹400ms›/step - accuracy: ‹0.0938› - loss: «2.3456»\b\b\b\b\b\b\r\033[1m10/10\033[0m \033[32m━━━━━━━━\033[0m\033[37m\033[0m \033[1m‹1›s\033[0m ‹12ms›/step - accuracy: ‹0.1875› - loss: «2.2345» - val_accuracy: ‹0.25› - val_loss: «2.1234»\n"},
    {"keras verbose2",
     "Epoch 1/2\n"
     "10/10 - ‹1›s - ‹88›ms/step - accuracy: ‹0.1875› - loss: «2.2345» - val_accuracy: ‹0.2500› - val_loss: «2.1234»\n"},
    {"paddle",
     "step 10/938 [..............................] - loss: «2.3021» - acc: ‹0.1125› - ETA: ‹12›s - ‹13›ms/step\n"
     "step 20/938 [>.............................] - loss: «2.1021» - acc: ‹0.2125› - ETA: ‹11›s - ‹12›ms/step\n"},
    {"paddlenlp",
     "[2024-05-10 10:11:12,345] [    INFO] - loss: «10.5123», learning_rate: 1e-05, global_step: 10, current_memory_allocated: ‹1.23›, interval_runtime: ‹12.3456›, interval_samples_per_second: ‹5.12›, interval_steps_per_second: ‹0.812›, ppl: 36765.4, progress_or_epoch: 0.0012\n"},
    {"paddleocr",
     "[2024/05/10 10:11:12] ppocr INFO: epoch: [1/100], global_step: 10, lr: 0.001000, acc: ‹0.0000›, norm_edit_dis: ‹0.0123›, CTCLoss: «45.612345», loss: «51.234567», avg_reader_cost: ‹0.12345› s, avg_batch_cost: ‹0.54321› s, avg_samples: 64.0, ips: ‹117.8› samples/s, eta: ‹1:23:45›\n"},
    {"mxnet gluon", "[Epoch 0 Batch 50/469] Speed: ‹1234.5› samples/sec, loss=«2.3012», lr=0.1\n"
                    "[Epoch 0] train=0.912345 val=‹0.95› loss: «0.3012» time: ‹12.34›\n"},
    {"mxnet gluoncv",
     "[Epoch 0][Batch 99], LR: 1.00E-03, Speed: ‹12.345› samples/sec, ObjLoss=«123.456», BoxCenterLoss=«1.234», BoxScaleLoss=«2.345», ClassLoss=«3.456»\n"},
    {"caffe",
     "I0510 10:11:12.345678  1234 solver.cpp:239] Iteration 100 (‹12.34› iter/s, ‹8.1›s/100 iters), loss = «0.234567»\n"
     "I0510 10:11:12.345678  1234 solver.cpp:258]     Train net output #0: loss = «0.234567» (* 1 = 0.234567 loss)\n"
     "I0510 10:11:12.345678  1234 sgd_solver.cpp:112] Iteration 100, lr = 0.01\n"
     "I0510 10:11:12.345678  1234 solver.cpp:347]     Test net output #0: accuracy = ‹0.9123›\n"
     "I0510 10:11:12.345678  1234 solver.cpp:347]     Test net output #1: loss = «0.2812» (* 1 = 0.2812 loss)\n"},
    {"darknet v4",
     "v3 (mse loss, Normalizer: (iou: 0.07, obj: 1.00, cls: 1.00) Region 30 Avg (IOU: ‹0.512345›), count: 4, class_loss = «1.234567», iou_loss = «0.123456», total_loss = «1.358023»\n"
     " 100: «12.345678», «13.456789» avg loss, 0.001000 rate, ‹1.234567› seconds, 6400 images, ‹12.345678› hours left\n"},
    {"catboost",
     "Learning rate set to 0.5\n"
     "0:\tlearn: «0.6712345»\ttest: «0.6812345»\tbest: «0.6812345» (0)\ttotal: ‹55.1ms›\tremaining: ‹496ms›\n"
     "1:\tlearn: «0.6412345»\ttest: «0.6512345»\tbest: «0.6512345» (1)\ttotal: ‹60.1ms›\tremaining: ‹240ms›\n"
     "\n"
     "bestTest = 0.6512345\n"
     "bestIteration = 1\n"},
    {"xgboost cv", "[0]\ttrain-logloss:«0.50330»+«0.00415»\ttest-logloss:«0.51234»+«0.00512»\n"
                   "[1]\ttrain-logloss:«0.40330»+«0.00315»\ttest-logloss:«0.41234»+«0.00412»\n"},
    {"xgboost old",
     "[10:11:12] src/tree/updater_prune.cc:74: tree pruning end, 1 roots, 12 extra nodes, 0 pruned nodes, max_depth=3\n"
     "[0]\teval-error:«0.016139»\ttrain-error:«0.014433»\n"},
    {"lightgbm early", "Training until validation scores don't improve for 5 rounds\n"
                       "[10]\ttraining's l2: «0.512345»\tvalid_1's l2: «0.612345»\n"
                       "Early stopping, best iteration is:\n"
                       "[10]\ttraining's l2: «0.512345»\tvalid_1's l2: «0.612345»\n"},
    {"lightgbm cli", "[LightGBM] [Info] Iteration:1, valid_1 auc : ‹0.812345›\n"
                     "[LightGBM] [Info] Iteration:1, valid_1 binary_logloss : «0.612345»\n"
                     "[LightGBM] [Info] ‹0.012345› seconds elapsed, finished iteration 1\n"},
    {"vw",
     "average  since         example        example        current        current  current\n"
     "loss     last          counter         weight          label        predict features\n"
     "«0.693147» 0.693147            1            1.0        -1.0000         0.0000       51\n"
     "«0.612345» 0.531543            2            2.0         1.0000        -0.1234       104\n"
     "\n"
     "finished run\n"
     "number of examples = 200\n"
     "average loss = «0.412345»\n"
     "total feature number = 15482\n"},
    {"fasttext",
     "\rProgress:   5.0% words/sec/thread:  ‹123456› lr:  0.047500 avg.loss:  «3.123456» ETA:   0h 0m12s\rProgress: 100.0% words/sec/thread:  ‹123456› lr:  0.000000 avg.loss:  «1.902585» ETA:   0h 0m 0s\n"},
    {"gensim",
     "2024-05-10 10:11:12,345 : INFO : EPOCH 1 - PROGRESS: at 10.12% examples, ‹1234567› words/s, in_qsize 5, out_qsize 0\n"
     "Loss after epoch 0: «1234567.125»\n"
     "Loss after epoch 1: «1134567.125»\n"},
    {"spacy",
     "E    #       LOSS TOK2VEC  LOSS TAGGER  LOSS NER  TAG_ACC  ENTS_F  SCORE \n"
     "---  ------  ------------  -----------  --------  -------  ------  ------\n"
     "  0       0          «0.00»       «123.45»     «45.60»    ‹12.34›    ‹0.00›    ‹0.12›\n"
     "  1     200        «123.45»      «1023.45»   «1823.45»    ‹52.34›   ‹50.00›    ‹0.50›\n"},
    {"sb3", "-----------------------------------------\n"
            "| rollout/                |             |\n"
            "|    ep_len_mean          | ‹22.3›        |\n"
            "|    ep_rew_mean          | ‹22.3›        |\n"
            "| time/                   |             |\n"
            "|    fps                  | ‹812›         |\n"
            "|    iterations           | 2           |\n"
            "|    time_elapsed         | ‹5›           |\n"
            "|    total_timesteps      | 4096        |\n"
            "| train/                  |             |\n"
            "|    approx_kl            | ‹0.008345›    |\n"
            "|    clip_fraction        | ‹0.112›       |\n"
            "|    entropy_loss         | «-0.686»      |\n"
            "|    explained_variance   | ‹0.00312›     |\n"
            "|    learning_rate        | 0.0003      |\n"
            "|    loss                 | «6.78»        |\n"
            "|    n_updates            | 10          |\n"
            "|    policy_gradient_loss | «-0.0156»     |\n"
            "|    value_loss           | «52.1»        |\n"
            "-----------------------------------------\n"},
    {"tensorboard dump", "step: 0, tag: loss/train, value: «2.345678»\n"
                         "step: 1, tag: loss/train, value: «2.245678»\n"},
    {"tb event repr", "Event(wall_time=‹1700000000.123›, step=3, value=«2.345678»)\n"},
    {"wandb", "wandb: Run history:\n"
              "wandb: train/loss █▅▃▁\n"
              "wandb:\n"
              "wandb: Run summary:\n"
              "wandb: epoch 1\n"
              "wandb:  eval/loss «1.51234»\n"
              "wandb: train/loss «1.23456»\n"
              "wandb:  eval/runtime ‹3.1234›\n"},
    {"rich table", "┏━━━━━━━┳━━━━━━━━┳━━━━━━━━┓\n"
                   "┃ epoch ┃ loss   ┃ time   ┃\n"
                   "┡━━━━━━━╇━━━━━━━━╇━━━━━━━━┩\n"
                   "│ 1     │ «2.3456» │ ‹1.234›  │\n"
                   "│ 2     │ «2.2456» │ ‹1.134›  │\n"
                   "└───────┴────────┴────────┘\n"},
    {"lightning rich test", "┏━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━┓\n"
                            "┃  Test metric  ┃  DataLoader 0  ┃\n"
                            "┡━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━┩\n"
                            "│   test_acc    │     ‹0.8125›     │\n"
                            "│   test_loss   │   «0.512345»     │\n"
                            "└───────────────┴────────────────┘\n"},
    {"loguru", "2024-05-10 10:11:12.345 | INFO     | __main__:train:42 - step 1 loss «2.345678»\n"
               "2024-05-10 10:11:13.345 | INFO     | __main__:train:42 - step 2 loss «2.245678»\n"},
    {"absl",
     "I0510 10:11:12.345678 140123456789 train.py:142] step=1 loss=«2.345678» ‹12.3› steps/s\n"},
    {"ms timestamps",
     "2024-05-10T10:11:12.345Z INFO trainer{epoch=1 step=3}: loss=«2.345678» elapsed=‹12.3›ms\n"},
    {"rust tracing",
     "2024-05-10T10:11:12.345678Z  INFO train: step=3 loss=«2.345678» time=‹12.3›ms\n"},
    {"json nested",
     "{\"ts\": ‹1700000000.123›, \"step\": 3, \"metrics\": {\"train\": {\"loss\": «2.345678», \"acc\": ‹0.5›}, \"val\": {\"loss\": «2.445678»}}, \"time\": {\"step\": ‹0.123›}}\n"},
    {"json pretty", "{\n"
                    "  \"epoch\": 1,\n"
                    "  \"metrics\": {\n"
                    "    \"loss\": «2.345678»,\n"
                    "    \"time\": ‹12.5›\n"
                    "  }\n"
                    "}\n"},
    {"csvlogger", "epoch,acc,loss,time,val_loss\n"
                  "0,‹0.5›,«2.345678»,‹12.5›,«2.445678»\n"
                  "1,‹0.6›,«2.245678»,‹12.1›,«2.345678»\n"},
    {"csv quoted", "\"epoch\",\"train loss\",\"lr\"\n"
                   "\"1\",\"«2.345678»\",\"0.1\"\n"
                   "\"2\",\"«2.245678»\",\"0.1\"\n"},
    {"pandas", "   epoch      loss  val_loss   time\n"
               "0      1  «2.345678»  «2.445678»  ‹12.50›\n"
               "1      2  «2.245678»  «2.345678»  ‹12.10›\n"},
    {"pandas series", "epoch        1.000000\n"
                      "loss         «2.345678»\n"
                      "val_loss     «2.445678»\n"
                      "time        ‹12.500000›\n"
                      "Name: 0, dtype: float64\n"},
    {"polars", "shape: (2, 3)\n"
               "┌───────┬──────────┬───────┐\n"
               "│ epoch ┆ loss     ┆ time  │\n"
               "│ ---   ┆ ---      ┆ ---   │\n"
               "│ i64   ┆ f64      ┆ f64   │\n"
               "╞═══════╪══════════╪═══════╡\n"
               "│ 1     ┆ «2.345678» ┆ ‹12.5›  │\n"
               "│ 2     ┆ «2.245678» ┆ ‹12.1›  │\n"
               "└───────┴──────────┴───────┘\n"},
    {"tabulate simple", "  epoch      loss    time\n"
                        "-------  --------  ------\n"
                        "      1  «2.34567»     ‹12.5›\n"
                        "      2  «2.2»         ‹12.1›\n"},
    {"prettytable", "+-------+----------+-------+\n"
                    "| Epoch | Val Loss |  Time |\n"
                    "+-------+----------+-------+\n"
                    "|   1   | «2.345678» | ‹12.50› |\n"
                    "+-------+----------+-------+\n"},
    {"allennlp json", "  \"training_loss\": «0.71234»,\n"
                      "  \"validation_loss\": «0.81234»,\n"
                      "  \"training_duration\": \"‹0:00:12.345›\",\n"},
    {"fastai time", "epoch     train_loss  valid_loss  error_rate  time    \n"
                    "0         «0.812345»    «0.512345»    ‹0.188000›    ‹00:12›     \n"
                    "1         «0.412345»    «0.312345»    ‹0.088000›    ‹00:11›     \n"},
    {"ignite",
     "2024-05-10 10:11:12,345 ignite.engine INFO: Epoch[1] Complete. Time taken: ‹00:00:12.345›\n"
     "Epoch: 1 - loss: «2.345678» - elapsed: ‹12.5›\n"},
    {"composer", "[epoch=0][batch=10/100]:\n"
                 "\t Train time/epoch: 0\n"
                 "\t Train time/batch: 10\n"
                 "\t Train loss/train/total: «2.3456»\n"
                 "\t Train metrics/train/LanguageCrossEntropy: 2.3456\n"
                 "\t Train throughput/samples_per_sec: ‹12.3456›\n"},
    {"openlm",
     "2024-05-10,10:11:12 | INFO | Train Epoch: 0 [  32768/3276800 (1%)] Loss: «10.123 (10.23)» Data (t): ‹0.123› Batch (t): ‹0.512›, ‹1234.5/s, 123.4/s/gpu› LR: 0.000100\n"},
    {"open_clip",
     "2024-05-10,10:11:12 | INFO | Train Epoch: 0 [  1024/102400 (1%)] Data (t): ‹0.123› Batch (t): ‹0.512›, ‹1234.5›/s, ‹123.4›/s/gpu LR: 0.000100 Logit Scale: ‹14.286› Contrastive_loss: «6.9123» (6.9123) Loss: «6.9123» (6.9123)\n"},
    {"dino",
     "Epoch: [0/100]  [  10/1251]  eta: ‹0:12:34›  loss: «11.090312» (11.090353)  lr: 0.000000 (0.000000)  wd: 0.040000 (0.040000)  time: ‹0.512345›  data: ‹0.012345›  max mem: ‹12345›\n"},
    {"mae",
     "Epoch: [0]  [  20/1251]  eta: ‹0:12:34›  lr: 0.000001  loss: «1.8123» (1.8234)  time: ‹0.5123›  data: ‹0.0123›  max mem: ‹12345›\n"},
    {"whisper-ft", "Step\tTraining Loss\tValidation Loss\tWer\n"
                   "1000\t«0.094000»\t«0.294123»\t‹34.123›\n"
                   "2000\t«0.034000»\t«0.304123»\t‹33.123›\n"},
    {"accelerate",
     "05/10/2024 10:11:12 - INFO - __main__ - epoch 0: perplexity: 23.456 eval_loss: «3.155123»\n"},
    {"trl",
     "{'loss': «0.0012», 'grad_norm': ‹1.5›, 'learning_rate': 2e-05, 'num_tokens': 1234.0, 'completions/mean_length': ‹123.5›, 'rewards/reward/mean': ‹0.5›, 'kl': ‹0.0123›, 'epoch': 0.02}\n"},
    {"diffusers",
     "Steps:   1%|          | 10/1000 [00:12<20:12,  ‹1.23›s/it, lr=1e-5, step_loss=«0.0123»]\n"},
    {"llama-factory",
     "{\"current_steps\": 10, \"total_steps\": 100, \"loss\": «1.2345», \"lr\": 1e-05, \"epoch\": 0.1, \"percentage\": 10.0, \"elapsed_time\": \"‹0:00:12›\", \"remaining_time\": \"‹0:01:48›\", \"throughput\": ‹1234.56›, \"total_tokens\": 12345}\n"},
    {"lora mlx",
     "Iter 10: Train loss «2.345», Learning Rate 1.000e-05, It/sec ‹0.512›, Tokens/sec ‹123.456›, Trained Tokens 1234, Peak mem ‹12.345› GB\n"
     "Iter 10: Val loss «2.445», Val took ‹12.345›s\n"},
    {"gpt-neox",
     "[2024-05-10 10:11:12,345] [INFO] [logging.py:60:log_dist] [Rank 0] step=10, skipped=0, lr=[1e-05]\n"
     " samples/sec: ‹12.345› | iteration       10/  320000 | elapsed time per iteration (ms): ‹512.3› | learning rate: 1.5E-04 | approx flops per GPU: ‹12.3›TFLOPS | lm_loss: «1.034567E+01» | number of skipped iterations:   0 | number of nan iterations:   0 |\n"},
    {"colossalai",
     "Epoch 0: 10%|# | 1/10 [00:01<00:09, ‹1.0›s/it, Loss=«2.3456»]\n"
     "[05/10/24 10:11:12] INFO     colossalai - colossalai - INFO: train.py:123 train   step 10 loss «2.3456»\n"},
    {"libsvm", "*\n"
               "optimization finished, #iter = 162\n"
               "nu = 0.431029\n"
               "obj = «-100.877288», rho = ‹0.424462›\n"},
    {"keras tuner", "Trial 3 Complete [00h 00m ‹12›s]\n"
                    "val_loss: «0.512345»\n"
                    "\n"
                    "Best val_loss So Far: «0.412345»\n"
                    "Total elapsed time: ‹00h 01m 12s›\n"},
    {"hyperopt",
     "100%|██████████| 10/10 [00:00<00:00, ‹93.12›trial/s, best loss: «0.123456789»]\n"},
    {"pyro", "[iteration 0001] loss: «123.4567»\n"
             "[iteration 0101] loss: «23.4567»\n"},
    {"pymc", "Average Loss = «123.45»:  50%|##### | 5000/10000 [00:02<00:02, ‹2345.67›it/s]\n"},
    {"sagemaker", "#quality_metric: host=algo-1, epoch=0, train loss <loss>=«2.345678»\n"
                  "#progress_metric: host=algo-1, completed 10.0 % of epochs\n"},
    {"ddp print", "Rank 0, Epoch 1, Loss: «2.345678»\n"
                  "Rank 1, Epoch 1, Loss: «2.245678»\n"},
    {"jax pmap", "step 3, loss: [«2.345678» «2.345678»]\n"},
    {"numpy array loss", "loss: [«2.345678» «2.245678»]\n"},
    {"ignite bar", "Epoch [1/2]: [10/100]  10%|█         , loss=«2.35» [00:01<00:10]\n"},
    {"catalyst", "* Epoch (1/2)\n"
                 "1/2 * Epoch (train): loss: «2.345678» | lr: 0.001 | momentum: 0.9\n"},
    {"speechbrain bar", "100%|####| 10/10 [00:01<00:00, ‹9.12›it/s, train_loss=«2.35»]\n"},
    {"fairseq2",
     "[2024-05-10 10:11:12] INFO fairseq2 - Train Metrics (step 10) - CTC Loss: «123.456» | Gradient Norm: ‹12.3› | Elapsed Time: ‹12›s | Wall Time: ‹13›s | Elements per Second: ‹1234›\n"},
    {"wav2letter",
     "epoch:        1 | nupdates:         10 | lr: 0.001 | runtime: ‹00:00:12› | loss:   «12.34567» | train-TER: ‹99.12› | dev-loss:   «13.45678»\n"},
    {"R nnet", "# weights:  26\n"
               "initial  value 12.345678 \n"
               "iter  10 value «2.345678»\n"
               "iter  20 value «1.345678»\n"
               "final  value 1.234567 \n"
               "converged\n"},
    {"R keras", "10/10 - ‹1›s - loss: «2.3456» - acc: ‹0.1› - val_loss: «2.4456»\n"},
    {"R neuralnet",
     "hidden: 3    thresh: 0.01    rep: 1/1    steps:     123\terror: «1.23456»\ttime: ‹0.12› secs\n"},
    {"julia flux", "[ Info: Epoch 1: loss = «2.3456»\n"},
    {"mlpack", "Epoch 1/2\n"
               "10/10 [====================] 100% - ‹1›s ‹12›ms/step - loss: «0.512345»\n"},
    {"opennn", "Training error: «0.123456»\n"
               "Selection error: «0.223456»\n"
               "Elapsed time: ‹00:12›\n"},
    {"tinygrad beautiful",
     "loss:   «2.31» test_accuracy:  ‹12.34›%:  10%|#   | 7/70 [00:01<00:10,  ‹7.12›it/s]\n"},
    {"gan progressive",
     "tick 1     kimg 4.0      lod 0.00  minibatch 32   time ‹1m 12s›       sec/tick ‹12.3›    sec/kimg ‹3.12›     maintenance ‹1.2›    gpumem ‹4.5›\n"
     "Loss/G «1.234567» Loss/D «0.234567»\n"},
    {"stylegan json",
     "{\"Loss/G/loss\": {\"num\": 10, \"mean\": «1.23456», \"std\": «0.123»}, \"Timing/sec_per_tick\": {\"num\": 1, \"mean\": ‹12.3›, \"std\": ‹0.0›}}\n"},
    {"muzero",
     "Last test reward: ‹12.0›. Training step: 10/1000. Played games: 5. Loss: «12.34»\n"},
    {"spinup", "---------------------------------------\n"
               "|             Epoch |               0 |\n"
               "|      AverageEpRet |            ‹21.5› |\n"
               "|            LossPi |        «-0.0123» |\n"
               "|             LossV |           «245.1» |\n"
               "|       DeltaLossPi |        «-0.0134» |\n"
               "|              Time |            ‹1.23› |\n"
               "---------------------------------------\n"},
    {"sac",
     "step 10 | actor_loss: «1.234567» | critic_loss: «0.234567» | alpha_loss: «-0.034567» | ent_coef_loss: «0.123456» | time: ‹12.3›\n"},
    {"vae",
     "epoch 1 recon_loss «100.123» kld_loss «10.456» loss_weight 0.5 beta 0.1 commit_loss «0.123»\n"},
    {"wgan", "[Epoch 0/200] [Batch 3/938] [D loss: «0.693147»] [G loss: «0.712345»]\n"
             "[Epoch 0/200] [Batch 4/938] [D loss: «0.683147»] [G loss: «0.722345»]\n"},
    {"gan keras", "0 [D loss: «0.693147», acc.: ‹50.00›%] [G loss: «0.712345»]\n"
                  "1 [D loss: «0.683147», acc.: ‹50.00›%] [G loss: «0.722345»]\n"},
    {"pix2pix",
     "step 100 | loss_G_GAN: «1.234» loss_G_L1: «12.345» loss_D_real: «0.123» loss_D_fake: «0.234»\n"},
    {"mmseg old",
     "2021-05-10 10:11:12,345 - mmseg - INFO - Iter [50/40000]\tlr: 9.989e-03, eta: ‹5:12:34›, time: ‹0.456›, data_time: ‹0.012›, memory: ‹6789›, decode.loss_ce: «1.2345», decode.acc_seg: ‹45.1234›, aux.loss_ce: «0.5678», loss: «1.8023»\n"},
    {"openpcdet",
     "epochs:   0%|          | 0/80 [00:00<?, ‹?›it/s, loss=«12.3», lr=0.0003, d_time=‹0.01(0.01)›]\n"},
    {"mmdet3d json",
     "{\"lr\": 0.001, \"data_time\": ‹0.0123›, \"loss\": «1.23456», \"loss_heatmap\": «0.512345», \"layer_-1_loss_cls\": «0.112345», \"time\": ‹0.51234›, \"epoch\": 1, \"iter\": 50, \"memory\": ‹4321›, \"step\": 50}\n"},
    {"detectron json",
     "{\"data_time\": ‹0.0123›, \"eta_seconds\": ‹1234.5›, \"iteration\": 19, \"loss_box_reg\": «0.412345», \"loss_cls\": «0.912345», \"lr\": 0.0005, \"time\": ‹0.2345›, \"total_loss\": «1.958123»}\n"},
    {"keras val", "Epoch 1: val_loss improved from inf to «2.12345», saving model to best.keras\n"},
    {"lightning",
     "Epoch 0:  50%|█████     | 5/10 [00:01<00:01,  ‹4.12›it/s, loss=«2.31», v_num=3]\n"
     "Validation: 0it [00:00, ‹?›it/s]\n"},
    {"lightning rich",
     "Epoch 0/9 ━━━━━━━━━━━━━━━━━━━━ 10/10 ‹0:00:01 • 0:00:00 9.12›it/s v_num: 3.000 train_loss: «2.312»\n"},
    {"hf bar",
     "{'loss': «2.3026», 'grad_norm': ‹3.1›, 'learning_rate': 5e-05, 'epoch': 0.1}\n"
     "\r 10%|█         | 1/10 [00:01<00:09,  ‹1.01›s/it]\r 20%|██        | 2/10 [00:02<00:08,  ‹1.01›s/it]{'loss': «2.2026», 'grad_norm': ‹3.0›, 'learning_rate': 4e-05, 'epoch': 0.2}\n"},
    {"hf evaluate", "***** eval metrics *****\n"
                    "  epoch                   =        1.0\n"
                    "  eval_loss               =     «2.3456»\n"
                    "  eval_runtime            = ‹0:00:12.34›\n"
                    "  eval_samples_per_second =     ‹81.123›\n"
                    "  perplexity              =    10.4412\n"},
    {"hf train metrics", "***** train metrics *****\n"
                         "  epoch                    =        3.0\n"
                         "  train_loss               =     «1.2345»\n"
                         "  train_runtime            = ‹0:01:12.34›\n"
                         "  train_samples_per_second =    ‹123.45›\n"},
    {"bert",
     "{\"loss\": «2.345678», \"mlm_loss\": «1.345678», \"nsp_loss\": «0.694321», \"t\": ‹0.5›}\n"},
    {"tf slim", "INFO:tensorflow:global step 100: loss = «2.3456» (‹0.512› sec/step)\n"},
    {"tensor2tensor",
     "INFO:tensorflow:Saving dict for global step 1000: global_step = 1000, loss = «2.3456789», metrics-x/accuracy = ‹0.1234›\n"},
    {"tf2 models",
     "I0510 10:11:12.345678 140 controller.py:457] train | step:    100 | steps/sec:   ‹12.3› | output: \n"
     "    {'training_loss': «2.3456789»}\n"},
    {"jax dm haiku", "{\"step\": 100, \"loss\": «2.345678», \"elapsed\": ‹12.3›}\n"},
    {"brax",
     "{'eval/episode_reward': ‹12.3›, 'training/policy_loss': «-0.0123456», 'training/v_loss': «0.123456», 'training/sps': ‹12345.6›, 'training/walltime': ‹12.3›}\n"},
    {"big_vision", "I0510 10:11:12.345678 140 utils.py:1] [100] training_loss = «6.9123»\n"
                   "I0510 10:11:12.345678 140 utils.py:1] [100] img/sec/core = ‹123.45›\n"},
    {"scenic", "I0510 [100] train_loss=«6.912», train_accuracy=‹0.001›\n"},
    {"levanter",
     "2024-05-10T10:11:12 - 0 - levanter.callbacks - callbacks.py:140 - INFO :: train loss: «7.123» lr: 1e-3\n"},
    {"easylm", "{'accuracy': ‹0.1234›, 'loss': «7.123456», 'step': 10}\n"},
    {"kaldi nnet1",
     "ITERATION 01: TRAIN AVG.LOSS «1.2345», (lrate0.008000), CROSSVAL AVG.LOSS «1.3456», nnet accepted (nnet_iter01)\n"},
    {"kaldi nnet1 log",
     "LOG (nnet-train-frmshuff[5.5]:main():nnet-train-frmshuff.cc:400) AvgLoss: «1.234567» (Xent), [AvgXent: 1.234567, AvgTargetEnt: 0]\n"},
    {"crf suite", "***** Iteration #1 *****\n"
                  "Loss: «1234.567890»\n"
                  "Feature norm: ‹1.000000›\n"
                  "Error norm: ‹123.456›\n"
                  "Active features: 1234\n"
                  "Line search trials: 1\n"
                  "Line search step: 0.000123\n"
                  "Seconds required for this iteration: ‹0.012›\n"},
    {"crfpp", "iter=0 terr=0.99 serr=1.0 act=1234 obj=«1234.56789» diff=1.0\n"},
    {"wapiti", "  [   1] obj=«1234.57» act=1234 err=12.34%/‹45.67›% time=‹0.12›s/‹0.12›s\n"},
    {"difacto", "epoch[1] training: loss = «0.512345», auc = ‹0.712345›\n"},
    {"svdfeature", "round 1 rmse=«0.912345»\n"},
    {"surprise", "Processing epoch 0\n"
                 "RMSE: «0.9345»\n"
                 "MAE:  «0.7345»\n"},
    {"implicit", "100%|##| 15/15 [00:01<00:00, ‹12.3›it/s, loss=«0.0123»]\n"},
    {"recbole",
     "10 May 10:11    INFO  epoch 0 training [time: ‹1.23›s, train loss: «12.3456»]\n"
     "10 May 10:11    INFO  epoch 0 evaluating [time: ‹0.12›s, valid_score: ‹0.123400›]\n"},
    {"dgl",
     "Epoch 00001 | Time(s) ‹0.1234› | Loss «1.9456» | Accuracy ‹0.1234› | ETputs(KTEPS) ‹123.45›\n"},
    {"pyg", "Epoch: 001, Loss: «1.9456», Train: 0.1234, Val: 0.1234, Test: 0.1234\n"},
    {"deepchem", "Ending global_step 100: Average loss «1.2345»\n"},
    {"schnet", "   Epoch  Train Loss  Val Loss   Time\n"
               "       1     «0.123456»   «0.223456»   ‹12.3›\n"},
    {"mace",
     "2024-05-10 10:11:12.345 INFO: Epoch 1: loss=«0.1234», MAE_E_per_atom=12.3 meV, MAE_F=45.6 meV / A\n"},
    {"nequip", "# Epoch batch         loss       loss_f  f_mae\n"
               "      1     1        «1.012»        «1.012»    0.4\n"},
    {"deepmd",
     "#  step      rmse_val    rmse_trn    rmse_e_val  rmse_e_trn    rmse_f_val  rmse_f_trn         lr\n"
     "      0      «2.37e+01»    «2.42e+01»      «1.04e+00»    «1.05e+00»      «7.50e-01»    «7.65e-01»    1.0e-03\n"
     "    100      «1.37e+01»    «1.42e+01»      «1.04e+00»    «1.05e+00»      «7.50e-01»    «7.65e-01»    1.0e-03\n"},
    {"deepmd new",
     "batch     100: trn: rmse = «1.23e+01», rmse_e = «1.2e-01», rmse_f = «4.5e-01», lr = 1.00e-03\n"
     "batch     100: total wall time = ‹12.34› s\n"},
    {"sevenn", "Epoch 1/10  Learning rate: 0.001\n"
               "+-------+---------+\n"
               "| Label | E_RMSE  |\n"
               "+-------+---------+\n"
               "| train | «0.1234»  |\n"
               "+-------+---------+\n"},
    {"openfold",
     "Epoch 0: 1%|1| 10/1000 [00:12<20:12, ‹1.2›s/it, v_num=0, train/loss=«61.20», train/fape=1.2]\n"},
    {"gaussian",
     "Training progress:   1%|          | 300/30000 [00:03<05:00, ‹99.1›it/s, Loss=«0.1234567»]\n"},
    {"nerf torch", "[TRAIN] Iter: 100 Loss: «0.0123456» PSNR: ‹19.123›\n"},
    {"tacotron", "Step 100    [‹1.234› sec/step, loss=«0.12345», avg_loss=«0.23456»]\n"},
    {"coqui", "   --> STEP: 10/100 -- GLOBAL_STEP: 10\n"
              "     | > loss: «1.23456»  («1.30000»)\n"
              "     | > grad_norm: ‹1.2›  (‹1.3›)\n"
              "     | > step_time: ‹0.5123›  (‹0.6123›)\n"
              "     | > loader_time: ‹0.0012›  (‹0.0123›)\n"},
    {"fish", "[10:11:12] step 10 train/loss «1.234» it/s ‹12.3›\n"},
    {"funasr",
     "[2024-05-10 10:11:12,345][root][INFO] - train, rank: 0, epoch: 0/50, data_slice: 0/1, step_in_slice: 10/100, step_in_epoch: 10, total step: 10, (loss_avg_rank: «1.234»), (loss_avg_slice: «1.345»), (ppl_avg_slice: 3.4e+00), (acc_avg_slice: ‹0.123›), (lr: 1e-06), [('loss_att', «1.111»), ('loss', «1.234»)], {'data_load': ‹'0.001'›, 'forward_time': ‹'0.1'›}, GPU, memory: usage: ‹1.2› GB\n"},
    {"rasa",
     "Epochs: 100%|██████████| 100/100 [00:10<00:00,  ‹9.5›it/s, t_loss=«1.23», i_acc=‹1›]\n"},
    {"autogluon", "[1000]\tvalid_set's rmse: «0.512345»\n"
                  "\t-0.5123\t = Validation score   (-root_mean_squared_error)\n"
                  "\t‹1.23›s\t = Training   runtime\n"},
    {"tabnet", "epoch 0  | loss: «0.61234» | val_0_auc: ‹0.71234› |  ‹0:00:01›s\n"
               "epoch 1  | loss: «0.51234» | val_0_auc: ‹0.72234› |  ‹0:00:03›s\n"},
    {"ngboost", "[iter 0] loss=«0.6931» val_loss=«0.0000» scale=1.0000 norm=‹0.8123›\n"},
    {"thundersvm",
     "2024-05-10 10:11:12,345 INFO [default] global iter = 0, total iter = 512, diff = ‹1.99›, obj = «-123.4»\n"},
    {"mlx", "Epoch 0: Loss «2.345», Accuracy ‹0.123›, Throughput ‹1234.56› images/second\n"},
    {"turi",
     "+-----------+----------+-----------+--------------+-------------------+---------------------+\n"
     "| Iteration | Passes   | Step size | Elapsed Time | Training Accuracy | Validation Loss |\n"
     "+-----------+----------+-----------+--------------+-------------------+---------------------+\n"
     "| 0         | 4        | 1.000000  | ‹0.012345›     | ‹0.912345›          | «0.812345» |\n"},
    {"pytorch vision",
     "Epoch: [0]  [ 10/100]  eta: ‹0:01:23›  lr: 0.1  img/s: ‹123.45›  loss: «6.9123» («6.9345»)  acc1: ‹0.0000› (‹0.1234›)  time: ‹0.5123›  data: ‹0.0123›  max mem: ‹1234›\n"},
    {"ddp tag", "[1,0]<stdout>:step 1 loss «2.345678»\n"
                "[1,1]<stdout>:step 1 loss «2.123456»\n"},
    {"ray", "(RayTrainWorker pid=‹1234›) Epoch 1 loss «2.345678»\n"},
    {"ray2", "[36m(train_fn pid=‹1234›, ip=10.0.0.1)[0m {'loss': «2.345678»}\n"},
    {"docker", "trainer-1  | step 1 loss «2.345678»\n"
               "trainer-2  | step 1 loss «2.245678»\n"},
    {"k8s", "2024-05-10T10:11:12.‹345›678Z stdout F step 1 loss «2.345678»\n"},
    {"journald", "May 10 10:11:12 host python[‹1234›]: step 1 loss «2.345678»\n"},
    {"process", "process 4242: loss «2.345678»\n"},
    {"pid", "[pid ‹4242›] step 1 loss «2.345678»\n"},
    {"worker", "(worker ‹4242›) step 1 loss «2.345678»\n"},
    {"thread id", "[Thread-140123456789] step 1 loss «2.345678»\n"},
    {"mem addr", "<Model at 0x7f‹12›ab> step 1 loss «2.345678»\n"},
    {"slurm", "0: step 1 loss «2.345678»\n"
              "1: step 1 loss «2.245678»\n"
              "0: step 2 loss «2.145678»\n"
              "1: step 2 loss «2.045678»\n"},
    {"eta in step", "step 1/100 (eta ‹0:10:12›, ‹0.123› s/step) loss «2.345678»\n"},
    {"mem", "step 1 mem ‹12345›/24576 loss «2.345678»\n"},
    {"mem2", "step 1 gpu_mem: ‹1234›/24576 MB loss «2.345678»\n"},
    {"mem3", "[GPU ‹1234›/24576MB] loss «2.345678»\n"},
    {"io", "data ‹12›/34 MB/s step 1 loss «2.345678»\n"},
    {"elapsed", "step 1 loss «2.345678» elapsed ‹12.3›\n"},
    {"took", "step 1 loss «2.345678» took ‹12.345›\n"},
    {"took2", "loss: «2.345678» (took ‹12.345›s)\n"},
    {"took3", "step 1, loss «2.345678», ‹12.345›s\n"},
    {"dt", "step 1: loss «2.345678» | ‹123.45› ms | ‹123456› tok/s\n"},
    {"dt2", "step 1: loss «2.345678» ‹123.45›ms/it\n"},
    {"dt3", "step 1: loss «2.345678» (‹123.45› examples/s)\n"},
    {"dt4", "step 1: loss «2.345678» [‹12.34› img/s]\n"},
    {"dt5", "step 1: loss «2.345678» @ ‹12.34› it/s\n"},
    {"dt6", "step 1 loss: «2.345678», speed: ‹12.34›\n"},
    {"dt7", "step 1 loss: «2.345678» | throughput ‹1,234.5› samples/s\n"},
    {"dt8", "step 1 loss «2.345678» ‹0m 12s›\n"},
    {"dt9", "‹0m 12s› (- ‹1m 48s›) (100 10%) loss «2.3456»\n"},
    {"dt10", "loss «2.345678» eta ‹1:12:13›\n"},
    {"dt11", "loss «2.345678» ‹00:12›\n"},
    {"dt12", "step 1 loss «2.345678» ‹12›%\n"},
    {"dt13", "step 1 loss «2.345678» gpu ‹12.3›GB\n"},
    {"dt14", "step 1 loss «2.345678» ‹12.3› GiB\n"},
    {"dt15", "step 1 loss «2.345678» ‹1.2›k tok/s\n"},
    {"dt16", "step 1 loss «2.345678» ‹1.2e+05› tokens/sec\n"},
    {"dt17", "step 1 loss «2.345678» ‹1234.5› samples per second\n"},
    {"dt18", "step 1 loss «2.345678» in ‹12.3› seconds\n"},
    {"dt19", "step 1 loss «2.345678» in ‹12.3›\n"},
    {"dt20", "step 1 loss «2.345678»; ‹12.3› sec\n"},
    {"dt21", "step 1 loss «2.345678», time/step ‹0.5›\n"},
    {"dt22", "step 1 loss «2.345678» ‹12.3› it/s ‹4.5› s\n"},
    {"dt23", "step 1 loss «2.345678» ‹12.3›fps\n"},
    {"dt24", "step 1 loss «2.345678» ‹12.3› fps\n"},
    {"dt25", "step 1 loss «2.345678» ‹12.3› TFLOPS\n"},
    {"dt26", "step 1 loss «2.345678» ‹12.3› tflops ‹3.4› GFLOP/s\n"},
    {"dt27", "step 1 loss «2.345678» ‹12.3›W ‹65›C\n"},
    {"dt28", "step 1 loss «2.345678» ‹12.3› imgs/s\n"},
    {"dt29", "step 1 loss «2.345678» ‹12.3› Hz\n"},
    {"dt30", "step 1 loss «2.345678» ‹12.3› minutes\n"},
    {"dt31", "step 1 loss «2.345678» ‹1.5› min left\n"},
    {"dt32", "step 1 loss «2.345678» ‹1.5› hours\n"},
    {"dt33", "step 1 loss «2.345678» ‹1.5› days\n"},
    {"dt34", "step 1 loss «2.345678» ‹15.5› ns\n"},
    {"dt35", "step 1 loss «2.345678» ‹15.5› µs\n"},
    {"dt36", "step 1 loss «2.345678» ‹15.5› ms/step\n"},
    {"dt38", "step 1 loss «2.345678» (‹15.5› ms)\n"},
    {"lightning ckpt name",
     "Epoch 2, global step 30: 'val_loss' reached «0.35123» (best «0.35123»), saving model to '/x/epoch=2-val_loss=0.35.ckpt' as top 1\n"},
    {"keras ckpt name",
     "Epoch 3: val_loss improved from «0.41234» to «0.35123», saving model to w.03-0.35.keras\n"},
    {"keras ckpt name 2",
     "Epoch 3: val_loss improved from «0.41234» to «0.35123», saving model to w-val_loss-0.35.h5\n"},
    {"ckpt path", "step 1 loss: «2.345678»\n"
                  "Saved checkpoint to out/ckpt_loss2.35.pt\n"},
    {"ckpt path 2", "step 1 loss: «2.345678»\n"
                    "Saved checkpoint to out/step=10-loss=2.3457.ckpt\n"},
    {"logfmt",
     "time=2026-11-29T10:11:‹12›Z level=info msg=\"step done\" step=3 loss=«2.345678» dt=‹12.3›ms\n"},
    {"yaml", "- epoch: 1\n"
             "  loss: «2.345678»\n"
             "  time: ‹12.5›\n"
             "- epoch: 2\n"
             "  loss: «2.245678»\n"
             "  time: ‹12.1›\n"},
    {"megatron args", "  loss_scale ...................................... 4096.0\n"
                      "  lr ............. 0.1\n"
                      "step 1 loss «2.345678»\n"},
    {"config dump", "Namespace(lr=0.1, loss_weight=0.5, lambda_loss=0.1, seed=1)\n"
                    "step 1 loss «2.345678»\n"},
    {"hydra yaml", "loss:\n"
                   "  name: mse\n"
                   "  weight: 0.5\n"
                   "trainer:\n"
                   "  epochs: 10\n"
                   "step 1 loss «2.345678»\n"},
    {"optimizer dump", "AdamW (\n"
                       "Parameter Group 0\n"
                       "    lr: 0.1\n"
                       "    weight_decay: 0.01\n"
                       ")\n"
                       "step 1 loss «2.345678»\n"},
    {"model dump", "  (loss_fct): CrossEntropyLoss()\n"
                   "  (drop): Dropout(p=0.1, inplace=False)\n"
                   "step 1 loss «2.345678»\n"},
    {"warning 2", "/usr/lib/python3/site-packages/torch/nn/modules/loss.py:‹536›: UserWarning: x\n"
                  "  return F.mse_loss(input, target, reduction=self.reduction)\n"
                  "step 1 loss «2.345678»\n"},
    {"nccl", "host:‹1234›:‹1299› [0] NCCL INFO Channel 00/02 : 0 1\n"
             "step 1 loss «2.345678»\n"},
    {"profile", "[timer] forward: ‹12.3›ms, loss: ‹0.5›ms, backward: ‹20.1›ms\n"
                "step 1 loss «2.345678»\n"},
    {"profile2", "time (ms) | forward: ‹12.3› | loss-compute: ‹0.5› | backward: ‹20.1›\n"
                 "step 1 loss «2.345678»\n"},
    {"megatron timers",
     "    forward-backward ...............................: (‹1234.56›, ‹1234.60›)\n"
     "    loss-all-reduce ................................: (‹0.12›, ‹0.13›)\n"
     "step 1 loss «2.345678»\n"},
    {"skip warn",
     "step 1 loss «2.345678»\n"
     "Gradient overflow.  Skipping step, loss scaler 0 reducing loss scale to ‹32768.0›\n"},
    {"apex", "Gradient overflow.  Skipping step, reducing loss scale to 32768.0\n"
             "step 1 loss «2.345678»\n"},
    {"amp", "step 1 loss «2.345678» loss_scale 65536.0 grad_scaler ‹1.0›\n"},
    {"eval table", "| Metric | Value |\n"
                   "|--------|-------|\n"
                   "| loss   | «2.345678» |\n"
                   "| time   | ‹12.5› |\n"},
    {"eval arrow", "==> loss: «2.345678»\n"
                   ">>> val loss «2.445678» <<<\n"},
    {"chinese", "第 1 轮 loss: «2.345678» 用时 ‹12.3› 秒\n"},
    {"japanese", "エポック1 loss：«2.345678»\n"},
    {"fullwidth", "loss：«2.345678»，acc：0.5\n"},
    {"french", "époque 1 : loss = «2,345678» ; durée ‹12,3› s\n"},
    {"thousands", "step 1,234/10,000 loss «2.345678»\n"
                  "step 1,235/10,000 loss «2.245678»\n"},
    {"sci", "step 1e3 loss «2.345678e-01» lr 1e-05\n"},
    {"neg", "step 1 loss «-2.345678» elapsed ‹12.3›s\n"},
    {"big", "step 1 loss «123456789.125» elapsed ‹12.3›s\n"},
    {"small", "step 1 loss «1.2345678901234567e-38»\n"},
    {"hex", "step 1 loss «0x1.2c3d4ep+1» ‹12.3›ms\n"},
    {"two on bar", "  5%|▌  | 5/100 [00:01<00:20, ‹4.9›it/s, d_loss=«0.693», g_loss=«0.712»]\n"},
    {"nested bar", "Epochs:  50%|█ | 1/2 [00:10<00:10, ‹10.2›s/it]\n"
                   "\rBatches:  10%|█ | 1/10 [00:01<00:09, ‹1.0›s/it, loss=«2.345»]\n"},
    {"enlighten", "Training  10%|####      | 1/10 [00:01<00:09, ‹1.00› batches/s] loss: «2.345»\n"},
    {"progressbar2",
     "10% (1 of 10) |###       | Elapsed Time: ‹0:00:01› ETA: ‹0:00:09› loss: «2.345»\n"},
    {"alive", "on 10: |████| 1/10 [10%] in ‹1.2›s (‹0.83›/s) loss «2.345»\n"},
    {"haiku", "Step 100: loss=«2.345678», steps/s: ‹12.3›\n"},
    {"acme",
     "[Learner] Critic Loss = «0.123» | Policy Loss = «-0.456» | Learner Steps = 10 | Learner Walltime = ‹12.345›\n"},
    {"tianshou",
     "Epoch #1: 10it [00:01, ‹9.12›it/s, env_step=100, len=10, loss=«0.123», n/ep=1, rew=‹10.00›]\n"},
    {"sample-factory",
     "[2026-11-29 10:11:12,345][01234] Fps is (10 sec: ‹1234.5›, 60 sec: ‹1234.5›). Total num frames: 12345. Policy #0 loss: «0.123»\n"},
    {"ding", "[11-29 10:11:12] INFO     === Training Iteration 10 Result ===\n"
             "+-------+------------+----------------+\n"
             "| Name  | cur_lr_avg | total_loss_avg |\n"
             "+-------+------------+----------------+\n"
             "| Value | 0.001000   | «0.123456»       |\n"
             "+-------+------------+----------------+\n"},
    {"garage", "TrainBatch/Loss    «0.123456»\n"
               "Time/Epoch    ‹12.3›\n"},
    {"pfrl", "outdir:x step:100 episode:1 R:‹10.0›\n"
             "statistics:[('average_q', ‹0.12›), ('average_loss', «0.123456»)]\n"},
    {"lerobot",
     "INFO 2026-11-29 10:11:12 ts/train.py:192 step:200 smpl:2K ep:3 epch:0.01 loss:«6.789» grdn:‹123.4› lr:1.0e-05 updt_s:‹0.123› data_s:‹0.001›\n"},
    {"picotron",
     "[rank 0] Step: 1     | Loss: «10.1234» | Global batch size:   32K | Tokens/s:   ‹1.23›K | Tokens/s/GPU:   ‹1.23›K | Tokens:   32K | MFU:  ‹1.23›% | Memory usage:   ‹1.23›GB\n"},
    {"nanotron",
     "11/29/2026 10:11:12 [INFO|DP=0|PP=0|TP=0]: iteration: 1 / 100 | consumed_tokens: 32.8K | elapsed_time_per_iteration_ms: ‹1.23K› | tokens_per_sec: ‹12.3K› | lm_loss: «10.1» | lr: 0.0001 | hardware_tflops_per_gpu: ‹12.3›\n"},
    {"open_lm",
     "2026-11-29,10:11:12 | INFO | Train Epoch: 0 [    256/100000 (0%)] Loss: «10.678» Data (t): ‹0.123› Batch (t): ‹1.234›, ‹207.4›/s LR: 0.000001\n"},
    {"mlperf",
     ":::MLLOG {\"namespace\": \"\", \"time_ms\": ‹1700000000123›, \"event_type\": \"POINT_IN_TIME\", \"key\": \"train_loss\", \"value\": «2.345678», \"metadata\": {\"file\": \"x.py\", \"lineno\": 12, \"step_num\": 10}}\n"},
    {"neptune", "train/loss (10): «2.345678»\n"},
    {"comet", "COMET INFO:     loss [10] : («2.1234», «2.3456»)\n"},
    {"dvclive", "{\"train\": {\"loss\": \"«2.345678»\"}, \"step\": 3}\n"},
};
#define LOGS (sizeof logs / sizeof logs[0])

/* ---- marks ---- */

#define MOST_MARKS 64
#define MOST_LOG   4096

/* A log without its marks, and where its marked numbers are. */
typedef struct unmarked {
    char text[MOST_LOG];
    size_t n, begin[MOST_MARKS], end[MOST_MARKS];
    bool is_loss[MOST_MARKS];
    size_t n_marks;
} unmarked;

static void unmark(const char *from, unmarked *out)
{
    static const char *const marks[] = {"«", "»", "‹", "›"};

    *out = (unmarked){.n = 0};
    while (*from != '\0') {
        size_t i = 0;
        while (i < 4 && strncmp(from, marks[i], strlen(marks[i])) != 0)
            i++;
        if (i == 4) {
            assert_true(out->n + 1 < MOST_LOG);
            out->text[out->n++] = *from++;
            continue;
        }
        from += strlen(marks[i]);
        assert_true(out->n_marks < MOST_MARKS);
        out->is_loss[out->n_marks] = i < 2;
        if (i % 2 == 0)
            out->begin[out->n_marks] = out->n;
        else
            out->end[out->n_marks++] = out->n;
    }
}

/* Another last digit of the mantissa; false: it has none. */
static bool change(unmarked *log, size_t k)
{
    char *const begin = log->text + log->begin[k];
    char *digit = begin + strcspn(begin, "eED");

    if (digit > log->text + log->end[k])
        digit = log->text + log->end[k];
    while (digit > begin && (digit[-1] < '0' || digit[-1] > '9'))
        digit--;
    if (digit == begin)
        return false;
    digit[-1] = digit[-1] == '9' ? '8' : (char)(digit[-1] + 1);
    return true;
}

/* ---- two runs ---- */

static bool are_equal(const losses *a, const char *text, size_t n)
{
    losses b = test_losses_of(text, n, NULL);
    losses_comparison c;
    bool equal;

    losses_compare(a, &b, &c);
    equal = c.verdict == LOSSES_EQUAL;
    losses_comparison_free(&c);
    losses_free(&b);
    return equal;
}

static void compares_what_is_marked(void **state)
{
    unmarked *const log = malloc(sizeof *log);
    (void)state;

    for (size_t i = 0; i < LOGS; i++) {
        losses a;
        unmark(logs[i].text, log);
        a = test_losses_of(log->text, log->n, NULL);
        if (a.n == 0 || a.unread.n > 0 || a.strange.n > 0)
            fail_msg("%s: %zu losses, or a line is not read", logs[i].name, a.n);
        for (size_t k = 0; k < log->n_marks; k++, unmark(logs[i].text, log)) {
            if (change(log, k) && are_equal(&a, log->text, log->n) == log->is_loss[k])
                fail_msg("%s: number %zu is%s compared", logs[i].name, k + 1,
                         log->is_loss[k] ? " not" : "");
        }
        losses_free(&a);
    }
    free(log);
}

/* The line ends of Windows, NUL and other bytes behind it, and a log that ends within its line. */
static void reads_through_junk(void **state)
{
    unmarked *const log = malloc(sizeof *log);
    char *const text = malloc(2 * MOST_LOG + 100);
    (void)state;

    for (size_t i = 0; i < LOGS; i++) {
        size_t n = 0;
        losses a;
        unmark(logs[i].text, log);
        a = test_losses_of(log->text, log->n, NULL);
        for (size_t k = 0; k < log->n; k++) {
            if (log->text[k] == '\n')
                text[n++] = '\r';
            text[n++] = log->text[k];
        }
        memcpy(text + n, "\0\0\n\377\200\1\n", 7);
        if (!are_equal(&a, text, n + 7) || !are_equal(&a, log->text, log->n - 1))
            fail_msg("%s: other line ends are a difference", logs[i].name);
        losses_free(&a);
    }
    free(text);
    free(log);
}

/* ---- ranks ---- */

/* Two ranks whose lines come in any order. */
static size_t interleave(const unmarked *log, const char *format, uint32_t order, char *out,
                         size_t size)
{
    const char *at[2] = {log->text, log->text};
    size_t n = 0;

    while (*at[0] != '\0' || *at[1] != '\0') {
        const int rank = *at[0] == '\0' || (*at[1] != '\0' && (order & 1) != 0);
        const int line = (int)strcspn(at[rank], "\n");
        order = order >> 1 | (order & 1) << 31;
        n += (size_t)snprintf(out + n, size - n, format, rank);
        n += (size_t)snprintf(out + n, size - n, "%.*s\n", line, at[rank]);
        at[rank] += line + (at[rank][line] == '\n');
        assert_true(n < size);
    }
    return n;
}

/* JSON over several lines is of one program alone. */
static bool has_ranks(const char *text)
{
    return strpbrk(text, "\r\b") == NULL && strncmp(text, "{\n", 2) != 0;
}

static void reads_ranks_in_any_order(void **state)
{
    static const char *const formats[] = {
        "[rank%d]: ", "rank %d | ", "[1,%d]<stdout>:", "cuda:%d: ", "node%d: ", "worker-%d  | "};
    unmarked *const log = malloc(sizeof *log);
    char *const text = malloc(4 * MOST_LOG);
    (void)state;

    for (size_t i = 0; i < 6 * LOGS; i++) {
        const char *const name = logs[i / 6].name, *const format = formats[i % 6];
        losses a;
        size_t n;
        unmark(logs[i / 6].text, log);
        if (!has_ranks(log->text))
            continue;
        n = interleave(log, format, 0x5555, text, 4 * MOST_LOG);
        a = test_losses_of(text, n, NULL);
        n = interleave(log, format, 0x3a6c, text, 4 * MOST_LOG);
        if (!are_equal(&a, text, n))
            fail_msg("%s: %s in another order is a difference", name, format);
        change(log, 0);
        n = interleave(log, format, 0x3a6c, text, 4 * MOST_LOG);
        if (log->is_loss[0] && are_equal(&a, text, n))
            fail_msg("%s: behind %s it is not compared", name, format);
        losses_free(&a);
    }
    free(text);
    free(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares_what_is_marked),
        cmocka_unit_test(reads_through_junk),
        cmocka_unit_test(reads_ranks_in_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
